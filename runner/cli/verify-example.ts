import { canonicalJson } from '#core/canonical.ts';
import { verifyExample } from '../shards/verify-example.ts';
import type { VerifyOptions } from '../shards/verify-result.ts';
import { interruptible } from './interruptible.ts';
import { plain, printJson, wholeNumber } from './output.ts';

/** Prints what the evidence of a result says of one example, with all that it takes to check it without the file. */
export async function printExample(path: string, number: string, parts: VerifyOptions, json: boolean): Promise<void> {
  const example = wholeNumber('--example', number);
  const { result, proof } = await interruptible((signal) => verifyExample(path, example, { ...parts, signal }));
  const { root: recorded } = result.evidence;
  if (json) return printJson({ result: path, digest: result.digest, recorded: recorded !== undefined, ...proof });
  const { record, index, size, leaf, path: neighbours, root } = proof;
  const from =
    recorded === undefined
      ? `counted from the evidence with the digest ${result.evidence.digest}`
      : 'as the result says';
  process.stdout.write(
    [
      `${plain(path)}, digest ${result.digest}`,
      `example ${record.example} of ${plain(result.dataset.id)}, entry ${index} of ${size}; its record, as canonical JSON:`,
      plain(canonicalJson(record)),
      `leaf ${leaf}`,
      ...neighbours.map((hash) => `path ${hash}`),
      `root ${root}, ${from}`,
      'the record, the path and the root go together',
    ].join('\n'),
  );
  process.stdout.write('\n');
}
