import { trackCsv } from '../../../../content/api.ts';
import type { Board } from '../../../../content/board.ts';
import { boards } from '../../../../content/catalogue.ts';

export async function getStaticPaths() {
  return (await boards()).map((board) => ({ params: { track: board.track.id }, props: { board } }));
}

export function GET({ props }: { props: { board: Board } }): Response {
  return new Response(trackCsv(props.board), { headers: { 'content-type': 'text/csv; charset=utf-8' } });
}
