/** @returns the value below which a share of the values lies */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** One line of the report: what was measured beside what it must be and what it aims at. */
export interface Row {
  readonly name: string;
  readonly unit: '×' | 'ms' | 'µs' | 'MB' | 'errors';
  /** Undefined when it could not be measured; then `why` says so. */
  readonly value?: number;
  readonly must?: number;
  readonly aim?: number;
  readonly why?: string;
}

/** ✓ reaches the aim, · only what it must, ✗ neither; – has no bound or no figure. */
export function verdictOf({ value, must, aim }: Row): '✓' | '·' | '✗' | '–' {
  if (value === undefined || Number.isNaN(value) || must === undefined) return '–';
  if (value <= (aim ?? must)) return '✓';
  return value <= must ? '·' : '✗';
}

/** @returns a table of rows in Markdown */
export function rowTable(rows: readonly Row[]): string {
  const shown = (value: number | undefined, unit: string): string =>
    value === undefined || Number.isNaN(value) ? '–' : `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`;
  return [
    '| | measured | must | aim | |',
    '|---|---|---|---|---|',
    ...rows.map((row) => {
      const bound = (value: number | undefined): string =>
        value === undefined ? '–' : `≤ ${value} ${row.unit}`;
      const found = row.why === undefined ? shown(row.value, row.unit) : `not measured: ${row.why}`;
      return `| ${row.name} | ${found} | ${bound(row.must)} | ${bound(row.aim)} | ${verdictOf(row)} |`;
    }),
  ].join('\n');
}
