import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { externalPathOf, pathOf } from '../../../../content/api.ts';
import { allExternals, allResults } from '../../../../content/catalogue.ts';
import { resultsFolder } from '../../../../content/folders.ts';

/** Results and their evidence, byte for byte as they were published and as their digests say. */
export async function getStaticPaths() {
  const paths = [...(await allResults()).map(pathOf), ...(await allExternals()).map(externalPathOf)];
  return paths.flatMap((path) =>
    ['json', 'examples.safetensors'].map((ending) => ({ params: { path: `${path}.${ending}` } })),
  );
}

export async function GET({ params }: { params: { path: string } }): Promise<Response> {
  return new Response(new Uint8Array(await readFile(join(resultsFolder, ...params.path.split('/')))));
}
