import type { APIRoute, GetStaticPaths } from 'astro';
import { labModels } from '../../../../content/lab-models.ts';

/** The files of every model that the lab can attack, as they were submitted. */
export const getStaticPaths = (async () => {
  const models = await labModels();
  return models.flatMap(({ id, files }) =>
    files.map(({ name, content }) => ({ params: { id, file: name }, props: { content } })),
  );
}) satisfies GetStaticPaths;

export const GET: APIRoute<{ content: Uint8Array<ArrayBuffer> }> = ({ props }) =>
  new Response(props.content, { headers: { 'content-type': 'application/octet-stream' } });
