/**
 * Packs the ONNX project's own tests of single operators for `runner/core/models/onnx/node-tests.test.ts`: those whose operators the
 * reader knows with their data, the others by name. `node runner/bench/onnx-node-tests.ts FOLDER VERSION`, where FOLDER is
 * `onnx/backend/test/data/node` of PyPI's onnx (1.18.0, whose newest opset is 23).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { decodeModel } from '#core/models/onnx/messages.ts';
import { findOp } from '#core/models/onnx/ops/index.ts';

/** Larger ones say no more about an operator. */
const MOST_BYTES = 100_000;

const [folder, version] = process.argv.slice(2);
if (folder === undefined || version === undefined) {
  console.error('usage: node runner/bench/onnx-node-tests.ts FOLDER VERSION');
  process.exit(2);
}
const tests = readdirSync(folder)
  .sort()
  .map((name) => pack(join(folder, name), name));
const text = JSON.stringify({ onnx: version, tests });
const out = join(import.meta.dirname, '../core/testing/onnx/node-tests.json.gz');
writeFileSync(out, gzipSync(text, { level: 9 }));
const packed = tests.filter((test) => 'model' in test).length;
console.log(`${tests.length} tests, ${packed} with their data, ${gzipSync(text).length} bytes in ${out}`);

function pack(path: string, name: string): object {
  const bytes = readFileSync(join(path, 'model.onnx'));
  let ops: string[];
  try {
    const { graph } = decodeModel(bytes);
    ops = [...new Set(graph.nodes.map(({ domain, opType }) => `${domain === '' ? '' : `${domain}.`}${opType}`))];
    if (graph.nodes.some(({ domain, opType }) => findOp(domain, opType) === undefined)) return { name, ops };
  } catch (error) {
    return { name, refused: (error as Error).message };
  }
  const set = join(path, 'test_data_set_0');
  const files = (kind: string) =>
    readdirSync(set)
      .filter((file) => file.startsWith(kind))
      .sort((a, b) => Number.parseInt(a.slice(kind.length), 10) - Number.parseInt(b.slice(kind.length), 10))
      .map((file) => readFileSync(join(set, file)));
  const [inputs, outputs] = [files('input_'), files('output_')];
  const size = [bytes, ...inputs, ...outputs].reduce((sum, { length }) => sum + length, 0);
  if (size > MOST_BYTES) return { name, ops, bytes: size };
  const encoded = (all: Buffer[]) => all.map((buffer) => buffer.toString('base64'));
  return { name, ops, model: bytes.toString('base64'), inputs: encoded(inputs), outputs: encoded(outputs) };
}
