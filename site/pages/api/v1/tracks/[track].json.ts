import { link } from '../../../../components/link.ts';
import { trackJson } from '../../../../content/api.ts';
import type { Board } from '../../../../content/board.ts';
import { boards } from '../../../../content/catalogue.ts';

export async function getStaticPaths() {
  return (await boards()).map((board) => ({ params: { track: board.track.id }, props: { board } }));
}

export function GET({ props }: { props: { board: Board } }): Response {
  return Response.json(trackJson(props.board, link));
}
