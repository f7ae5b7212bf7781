import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isRunning } from '@behavry/components';
import type { Patient, Visit } from './patient';

/** Of a log only its end is read. */
const LOG_BYTES = 1024 * 1024;

interface RunFile {
  readonly planes: Readonly<
    Record<string, { readonly url: string; readonly admin?: { readonly password?: string } } | undefined>
  >;
  readonly demo?: { readonly agent?: { readonly client_secret?: string } };
  readonly processes: readonly {
    readonly app: string;
    readonly plane: string;
    readonly pid: number;
    readonly ops_port: number | null;
  }[];
}

/**
 * Looks at a data folder of `npm start`, also of one that has ended: then there are logs alone.
 * @throws Error when there is no such folder
 */
export function visitLocalRun(dataDir: string): Visit {
  if (!existsSync(dataDir)) throw new Error(`${dataDir} is not there; npm start makes it`);
  const file = join(dataDir, 'run.json');
  const run = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RunFile) : undefined;
  const unseen: string[] = run ? [] : [`${dataDir} is not running: its logs are all there is`];
  const running = (run?.processes ?? []).map(({ app, plane, pid, ops_port: port }): Patient => {
    const environment = environmentOf(pid);
    if (!environment && port !== null) unseen.push(`environment of ${plane}/${app}`);
    return {
      name: `${plane}/${app}`,
      app,
      isRunning: isRunning(pid),
      ...(port === null ? {} : { opsUrl: `http://127.0.0.1:${String(port)}` }),
      ...(environment && port !== null ? { environment } : {}),
    };
  });
  const known = new Map(running.map((patient) => [patient.name, patient]));
  for (const [name, path] of logFiles(dataDir)) {
    const patient = known.get(name) ?? { name, app: basename(name) };
    known.set(name, { ...patient, log: endOf(path) });
  }
  return {
    patients: [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    planes: Object.values(run?.planes ?? {}).flatMap((plane) => (plane ? [plane.url] : [])),
    secrets: [
      ...Object.values(run?.planes ?? {}).map((plane) => plane?.admin?.password),
      run?.demo?.agent?.client_secret,
    ].filter((secret) => secret !== undefined),
    unseen,
  };
}

/** @returns the environment that a process was started with; undefined where the system does not show it */
function environmentOf(pid: number): Readonly<Record<string, string>> | undefined {
  try {
    const parts = readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0');
    return Object.fromEntries(
      parts
        .filter((part) => part.includes('='))
        .map((part) => part.split(/=(.*)/s).slice(0, 2) as [string, string]),
    );
  } catch {
    return undefined;
  }
}

/** @returns logs by plane and app */
function logFiles(dataDir: string): (readonly [name: string, path: string])[] {
  return readdirSync(dataDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: plane }) => {
      const folder = join(dataDir, plane, 'logs');
      if (!existsSync(folder)) return [];
      return readdirSync(folder)
        .filter((file) => file.endsWith('.log'))
        .map((file) => [`${plane}/${basename(file, '.log')}`, join(folder, file)] as const);
    });
}

/** @returns the last part of a file, from the beginning of a line on */
export function endOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const data = Buffer.alloc(Math.min(size, LOG_BYTES));
    readSync(file, data, 0, data.length, size - data.length);
    const text = data.toString('utf8');
    return size > LOG_BYTES ? text.slice(text.indexOf('\n') + 1) : text;
  } finally {
    closeSync(file);
  }
}
