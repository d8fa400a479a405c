import { resultsFolder } from '../../../content/folders.ts';
import { logText } from '../../../content/read-log.ts';

/** The log of publications, byte for byte: whoever keeps a copy can tell whether it was rewritten since. */
export async function GET(): Promise<Response> {
  return new Response(await logText(resultsFolder));
}
