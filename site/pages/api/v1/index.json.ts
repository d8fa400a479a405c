import { link } from '../../../components/link.ts';
import { indexJson } from '../../../content/api.ts';
import { allExternals, allResults, boards } from '../../../content/catalogue.ts';

export async function GET(): Promise<Response> {
  return Response.json(indexJson(await boards(), await allResults(), await allExternals(), link));
}
