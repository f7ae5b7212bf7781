import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { existsSync } from 'node:fs';
import type { Patient, Visit } from './patient';
import { visitComposeProject } from './compose-project';
import { endOf, visitLocalRun } from './local-run';

const USAGE = `npm run doctor -- [--data-dir DIR] [--compose PROJECT] [--url URL]… [--ops APP=URL]… [--log APP=FILE]… [--out FILE]

  --data-dir  a local run of npm start (.behavry when nothing else is named)
  --compose   the containers of a compose project, through the docker command
  --url       the base URL of a plane
  --ops       the ops port of an app, for example mcp-proxy=http://10.0.0.7:8001
  --log       a file with the log of an app
  --out       where the bundle goes (behavry-doctor-<time>.tar.gz)`;

/** Where the doctor is sent, and where the bundle goes. */
export interface DoctorOptions {
  readonly visit: () => Visit;
  /** Absolute path. */
  readonly out: string;
}

/** @throws Error with what is wrong with the command line and how it is used */
export function doctorOptions(args: readonly string[], from: string, now: Date): DoctorOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        'data-dir': { type: 'string' },
        compose: { type: 'string' },
        url: { type: 'string', multiple: true, default: [] },
        ops: { type: 'string', multiple: true, default: [] },
        log: { type: 'string', multiple: true, default: [] },
        out: { type: 'string' },
      },
    });
    const { compose, url: planes, 'data-dir': dataDir } = values;
    const named = patients(values.ops, values.log, from);
    const isElsewhere = compose !== undefined || planes.length > 0 || named.length > 0;
    const stamp = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
    return {
      out: resolve(from, values.out ?? `behavry-doctor-${stamp}.tar.gz`),
      visit: () => {
        const visits: Visit[] = [{ patients: named, planes: planes.map(base), secrets: [], unseen: [] }];
        if (compose !== undefined) visits.push(visitComposeProject(compose));
        if (dataDir !== undefined || !isElsewhere)
          visits.push(visitLocalRun(resolve(from, dataDir ?? '.behavry')));
        return {
          patients: visits.flatMap(({ patients: each }) => each),
          planes: visits.flatMap(({ planes: each }) => each),
          secrets: visits.flatMap(({ secrets }) => secrets),
          unseen: visits.flatMap(({ unseen }) => unseen),
        };
      },
    };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, {
      cause: error,
    });
  }
}

function patients(ops: readonly string[], logs: readonly string[], from: string): readonly Patient[] {
  const found = new Map<string, Patient>();
  const note = (text: string, more: (value: string) => Partial<Patient>): void => {
    const [, app, value] = /^([a-z0-9-]+)=(.+)$/.exec(text) ?? [];
    if (app === undefined || value === undefined) throw new Error(`${text} is not APP=…`);
    found.set(app, { ...(found.get(app) ?? { name: app, app }), ...more(value) });
  };
  for (const text of ops) note(text, (value) => ({ opsUrl: base(value) }));
  for (const text of logs)
    note(text, (value) => {
      const file = resolve(from, value);
      if (!existsSync(file)) throw new Error(`${file} is not there`);
      return { log: endOf(file) };
    });
  return [...found.values()];
}

function base(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') throw new Error(`${url} is no http:// or https:// URL`);
  return `${protocol}//${host}${pathname.replace(/\/+$/, '')}`;
}
