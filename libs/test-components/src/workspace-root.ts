import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of `nx.json` above the place that the tests run from. */
export function workspaceRoot(from = process.cwd()): string {
  for (let at = from; ; at = dirname(at)) {
    if (existsSync(join(at, 'nx.json'))) return at;
    if (at === dirname(at)) throw new Error(`no workspace above ${from}`);
  }
}
