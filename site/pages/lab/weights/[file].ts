import type { APIRoute, GetStaticPaths } from 'astro';
import { labModels } from '../../../content/lab-models.ts';

/** The weights of every model that the lab can attack, as they were submitted. */
export const getStaticPaths = (async () => {
  const models = await labModels();
  return models.map(({ id, weights }) => ({ params: { file: `${id}.safetensors` }, props: { weights } }));
}) satisfies GetStaticPaths;

export const GET: APIRoute<{ weights: Uint8Array<ArrayBuffer> }> = ({ props }) =>
  new Response(props.weights, { headers: { 'content-type': 'application/octet-stream' } });
