import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceRoot } from '@behavry/test-components';
import { grafanaBoard } from './board';
import { BOARDS } from './boards';
import { observabilityDocuments } from './documents';
import { OBSERVABILITY } from './metric-names';

interface Placed {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

describe('boards', () => {
  it('are those in the folder that Grafana reads', () => {
    const folder = join(workspaceRoot(), OBSERVABILITY, 'grafana', 'boards');
    const written = observabilityDocuments().map(([path]) => path.replace(/.*\//, ''));
    expect(readdirSync(folder).sort()).toEqual([...written].sort());
  });

  it.each(BOARDS.map((board) => [board.uid, board] as const))(
    '%s: no panel lies on another',
    (_uid, board) => {
      const { panels } = grafanaBoard(board) as { readonly panels: readonly Placed[] };
      const overlaps = panels.flatMap((one, index) =>
        panels
          .slice(index + 1)
          .filter(({ gridPos: b }) => {
            const a = one.gridPos;
            return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
          })
          .map((other) => `${one.title} / ${other.title}`),
      );
      expect(overlaps).toEqual([]);
      expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
    },
  );

  it('ask for the chosen plane alone', () => {
    const queries = BOARDS.flatMap(({ rows }) =>
      rows.flatMap(([, panels]) =>
        panels.flatMap((panel) => panel.queries.map(([expression]) => expression)),
      ),
    );
    const selectors = queries.flatMap(
      (query) => query.match(/\b(?:behavry|process|nodejs)[a-z0-9_:]*\{[^}]*\}/g) ?? [],
    );
    expect(selectors.filter((selector) => !selector.includes('plane=~"$plane"'))).toEqual([]);
    expect(queries.filter((query) => !query.includes('$plane'))).toEqual([]);
  });
});
