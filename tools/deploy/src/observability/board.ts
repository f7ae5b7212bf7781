/** A panel of a board, without its place. */
export interface PanelSpec {
  readonly title: string;
  readonly kind: 'timeseries' | 'stat' | 'table';
  /** Unit by Grafana's names: `s`, `bytes`, `reqps`, `percentunit`, `short` … */
  readonly unit: string;
  /** Expressions with their legends, in PromQL; `$plane` is the board's plane. */
  readonly queries: readonly (readonly [expression: string, legend: string])[];
  readonly about?: string;
  /** A third of the width when left out. */
  readonly width?: 8 | 12 | 24;
  /** Colours of a stat by its value, the first one for everything below the second. */
  readonly steps?: readonly (readonly [value: number | null, colour: 'green' | 'orange' | 'red'])[];
  /** Words instead of numbers. */
  readonly words?: Readonly<Record<string, string>>;
}

/** A board: rows of panels under one name. */
export interface BoardSpec {
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  readonly rows: readonly (readonly [title: string, panels: readonly PanelSpec[]])[];
}

const HEIGHT = { timeseries: 8, table: 8, stat: 4 } as const;
const COLUMNS = 24;
const SOURCE = { type: 'prometheus', uid: '${datasource}' };

/** @returns the board as Grafana imports it: schema of version 10 and later, times relative, nothing of one site in it */
export function grafanaBoard({ uid, title, about, rows }: BoardSpec): object {
  const panels: object[] = [];
  let y = 0;
  for (const [name, specs] of rows) {
    panels.push({
      type: 'row',
      id: panels.length + 1,
      title: name,
      collapsed: false,
      gridPos: { h: 1, w: COLUMNS, x: 0, y },
      panels: [],
    });
    y += 1;
    let x = 0;
    let lowest = y;
    for (const spec of specs) {
      const w = spec.width ?? 8;
      const h = HEIGHT[spec.kind];
      if (x + w > COLUMNS) {
        x = 0;
        y = lowest;
      }
      panels.push(panel(spec, panels.length + 1, { h, w, x, y }));
      x += w;
      lowest = Math.max(lowest, y + h);
    }
    y = lowest;
  }
  return {
    uid,
    title,
    description: about,
    tags: ['behavry'],
    schemaVersion: 39,
    version: 1,
    editable: false,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'utc',
    graphTooltip: 1,
    templating: { list: [DATASOURCE, PLANE] },
    links: [
      {
        type: 'dashboards',
        tags: ['behavry'],
        title: 'Behavry',
        asDropdown: true,
        includeVars: true,
        keepTime: true,
      },
    ],
    panels,
  };
}

const DATASOURCE = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' };
const PLANE = {
  name: 'plane',
  label: 'Plane',
  type: 'query',
  datasource: SOURCE,
  query: { query: 'label_values(behavry_build_info, plane)', refId: 'plane' },
  refresh: 2,
  sort: 1,
  includeAll: true,
  multi: true,
  current: { text: 'All', value: '$__all' },
};

function panel(
  { title, kind, unit, queries, about, steps, words }: PanelSpec,
  id: number,
  gridPos: object,
): object {
  return {
    type: kind,
    id,
    title,
    ...(about === undefined ? {} : { description: about }),
    datasource: SOURCE,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(steps === undefined
          ? {}
          : {
              color: { mode: 'thresholds' },
              thresholds: { mode: 'absolute', steps: steps.map(([value, color]) => ({ value, color })) },
            }),
        ...(words === undefined ? {} : { mappings: [mapping(words)] }),
      },
      overrides: [],
    },
    options:
      kind === 'timeseries'
        ? { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } }
        : kind === 'stat'
          ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'background', graphMode: 'none' }
          : { showHeader: true },
    targets: queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: SOURCE,
      expr,
      legendFormat,
      ...(kind === 'timeseries' ? { range: true } : { instant: true }),
      ...(kind === 'table' ? { format: 'table' } : {}),
    })),
  };
}

function mapping(words: Readonly<Record<string, string>>): object {
  return {
    type: 'value',
    options: Object.fromEntries(
      Object.entries(words).map(([value, text], index) => [value, { text, index }]),
    ),
  };
}
