import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { ComponentError } from '../component-error';
import { freePort, isPortFree } from '../net/free-port';
import { cleanEnv } from '../process/clean-env';
import type { ProcessLedger } from '../process/process-ledger';
import { SupervisedProcess, type ProcessEvents } from '../process/supervised-process';
import { endLeftServer } from './left-server';
import {
  isReachableByOthers,
  postgresBinaries,
  reachableBinaries,
  readableFolder,
} from './postgres-binaries';
import { serverUser } from './server-user';

/** How to run PostgreSQL. */
export interface PostgresOptions {
  readonly root: string;
  /** Where its data should live; moved outside when the server's user could not reach it. */
  readonly folder: string;
  readonly logFile: string;
  readonly ledger: ProcessLedger;
  /** For tests: nothing is worth surviving a power cut. */
  readonly isThrowaway?: boolean;
  /** Begin with an empty server. */
  readonly isReset?: boolean;
  readonly events?: ProcessEvents;
  readonly say?: (line: string) => void;
}

interface Settings {
  readonly port: number;
  readonly password: string;
}

/** A PostgreSQL of our own: made once, started, watched and stopped. */
export class PostgresComponent {
  #server: SupervisedProcess | undefined;
  #settings: Settings | undefined;

  constructor(private readonly options: PostgresOptions) {}

  /** URL of the owner, with credentials, without a database. */
  get url(): string {
    if (!this.#settings) throw new Error('PostgreSQL has not been started');
    return `postgres://behavry:${this.#settings.password}@127.0.0.1:${this.#settings.port}`;
  }

  get pid(): number | undefined {
    return this.#server?.pid;
  }

  get port(): number {
    return this.#settings?.port ?? 0;
  }

  /**
   * Makes the server when there is none yet and starts it.
   * @throws ComponentError with what to do when it cannot be had
   */
  async start(): Promise<void> {
    const { options } = this;
    const user = serverUser();
    const folder = this.#reachableFolder(user !== undefined);
    const data = join(folder, 'data');
    const binaries = user
      ? reachableBinaries(postgresBinaries(options.root))
      : postgresBinaries(options.root);
    if (await endLeftServer(data)) options.say?.('ended a PostgreSQL that an earlier run had left');
    if (options.isReset === true)
      for (const kept of [data, join(folder, 'server.json')]) rmSync(kept, { recursive: true, force: true });
    const settings = await this.#loadSettings(folder);
    if (!existsSync(join(data, 'PG_VERSION')))
      await initialise(binaries.initdb, data, settings.password, user);
    this.#settings = settings;
    this.#server = new SupervisedProcess(
      {
        name: 'postgres',
        command: binaries.postgres,
        args: ['-D', data, ...serverFlags(settings.port, options.isThrowaway === true)],
        env: cleanEnv({ LC_MESSAGES: 'C' }),
        cwd: folder,
        logFile: options.logFile,
        stopSignal: 'SIGINT',
        stopPatienceMs: 8_000,
        isReady: () => canConnect(`${this.url}/postgres`),
        readyTimeoutMs: 60_000,
        ...(user ?? {}),
      },
      options.ledger,
      options.events ?? {},
    );
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  #reachableFolder(isRoot: boolean): string {
    const { folder, say } = this.options;
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    if (!isRoot || isReachableByOthers(folder)) return folder;
    const outside = readableFolder(folder);
    say?.(`${folder} cannot be reached by the user that runs PostgreSQL: its data is kept in ${outside}`);
    return outside;
  }

  /** Port and password stay the same from start to start, unless the port was taken meanwhile. */
  async #loadSettings(folder: string): Promise<Settings> {
    const file = join(folder, 'server.json');
    const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Settings) : undefined;
    const password = known?.password ?? randomBytes(24).toString('hex');
    const port = known && (await isPortFree(known.port)) ? known.port : await freePort();
    writeFileSync(file, JSON.stringify({ port, password }), { mode: 0o600 });
    return { port, password };
  }
}

function serverFlags(port: number, isThrowaway: boolean): string[] {
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '300',
    ...(isThrowaway ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function initialise(
  initdb: string,
  data: string,
  password: string,
  user: { uid: number; gid: number } | undefined,
): Promise<void> {
  const passwordFile = `${data}.password`;
  try {
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (user) [data, passwordFile].forEach((path) => chownSync(path, user.uid, user.gid));
    await promisify(execFile)(
      initdb,
      [
        `--pgdata=${data}`,
        '--username=behavry',
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { env: cleanEnv(), cwd: '/', ...(user ?? {}) },
    );
  } catch (error) {
    rmSync(data, { recursive: true, force: true });
    throw new ComponentError(
      'postgres',
      `PostgreSQL could not be set up in ${data}: ${errorText(error)}\nIs the disk full? Set BEHAVRY_DB_URL to use a server that runs already.`,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function errorText(error: unknown): string {
  const { stderr } = error as { stderr?: unknown };
  return typeof stderr === 'string' && stderr !== '' ? stderr.trim() : String(error);
}

/** Whether a server answers a query at this URL. */
export async function canConnect(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
