import { grafanaBoard } from './board';
import { BOARDS } from './boards';

/** @returns the boards as files */
export function observabilityDocuments(): readonly (readonly [path: string, content: string])[] {
  return BOARDS.map((board) => [
    `docker/observability/grafana/boards/${board.uid}.json`,
    `${JSON.stringify(grafanaBoard(board), null, 2)}\n`,
  ]);
}
