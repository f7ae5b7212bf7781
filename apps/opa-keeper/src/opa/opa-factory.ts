import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { sha256Hex, type Logger } from '@behavry/platform';
import type { ListenAddress } from '../domain/listen-address';
import { opaArguments, opaEnvironment } from '../domain/opa-arguments';
import type { KeeperSettings } from '../opa-keeper.config';
import { leftOpas } from './leftovers';
import { OpaProcess } from './opa-process';
import { OpaQuestions } from './opa-questions';

/** An OPA that runs with one configuration. */
export interface RunningOpa {
  readonly config: string;
  readonly socket: string;
  readonly process: OpaProcess;
  readonly questions: OpaQuestions;
}

/** Starts OPAs, each with a socket and a copy of its configuration of its own. */
export class OpaFactory {
  /** For our eyes only, and gone when we are. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'opa-keeper-'));
  readonly #paths: readonly string[];
  #count = 0;

  /** @throws Error when there is no Rego in the system folder, without which OPA would be open */
  constructor(
    private readonly settings: KeeperSettings,
    private readonly environment: Readonly<Record<string, string | undefined>>,
    private readonly log: Logger,
    private readonly onRestart: () => void,
  ) {
    process.once('exit', () => rmSync(this.#folder, { recursive: true, force: true }));
    const { systemDir, token } = settings.config;
    this.#paths = [...systemFiles(systemDir), ...(token === undefined ? [] : [this.#accessFile(token)])];
  }

  /** Ends what an earlier keeper has left where ours will listen. */
  clearPlace(): void {
    const { listen } = this.settings;
    const left = leftOpas((address) =>
      listen.kind === 'tcp'
        ? address === listen.address
        : isSocketOf(listen.path, address.slice('unix://'.length)),
    );
    for (const pid of left) {
      this.log.warn({ pid }, 'an OPA that an earlier keeper has left is ended');
      process.kill(pid, 'SIGKILL');
    }
    if (listen.kind === 'tcp') return;
    const folder = dirname(listen.path);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder))
      if (isSocketOf(listen.path, join(folder, name))) rmSync(join(folder, name));
  }

  /** @param isOpen whether it takes the port of clients; without one, clients are led to it by {@link point} */
  start(config: string, isOpen: boolean): RunningOpa {
    const { listen, config: settings } = this.settings;
    const number = String((this.#count += 1));
    const socket = `${listen.kind === 'socket' ? listen.path : join(this.#folder, 'opa.sock')}.${number}`;
    const configFile = join(this.#folder, `opa-${number}.yaml`);
    // A copy: an OPA that is started again gets what it had, whatever lies in the folder by then.
    writeFileSync(configFile, config, { mode: 0o600 });
    const args = opaArguments({
      socket,
      tcp: isOpen && listen.kind === 'tcp' ? listen.address : undefined,
      configFile,
      filesDir: settings.filesDir,
      paths: this.#paths,
      hasToken: settings.token !== undefined,
      hasAuthorization: settings.hasAuthorization,
    });
    const spec = { command: settings.command, args, env: opaEnvironment(this.environment) };
    return {
      config,
      socket,
      process: new OpaProcess(spec, this.log, this.onRestart),
      questions: new OpaQuestions(socket, settings.token),
    };
  }

  /** Leads clients that connect from now on to this OPA, in one step. */
  point(listen: ListenAddress & { readonly kind: 'socket' }, { socket }: RunningOpa): void {
    const fresh = `${listen.path}.new`;
    rmSync(fresh, { force: true });
    // Relative, because others may have the folder mounted elsewhere.
    symlinkSync(basename(socket), fresh);
    renameSync(fresh, listen.path);
  }

  /** OPA gets the digest alone: policies may see what lies in its memory. */
  #accessFile(token: string): string {
    const file = join(this.#folder, 'access.json');
    const access = { token_sha256: sha256Hex(token) };
    writeFileSync(file, JSON.stringify({ system: { access } }), { mode: 0o600 });
    return file;
  }
}

function systemFiles(folder: string): readonly string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'));
  if (!files.includes('authz.rego')) throw new Error(`there is no authz.rego in ${folder}`);
  return files.map((name) => join(folder, name));
}

/** Whether a path is a socket that a keeper made for an OPA: the link's with a number behind it. */
function isSocketOf(link: string, path: string): boolean {
  return path.startsWith(`${link}.`) && /^\d+$/.test(path.slice(link.length + 1));
}
