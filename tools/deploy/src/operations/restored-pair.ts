import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePortBlock } from '@behavry/components';
import { PlaneClient } from '@behavry/runner';
import { envText, type EnvFile } from '../compose/env-file';
import { bridgeAddress, HOST, published } from '../compose/pair';
import { ComposeProject } from '../compose/project';
import type { Engine } from '../engine/engine';
import { OperatorScripts, type ScriptedPlane, type SplitPlane } from './scripts';

export interface RestoreOptions {
  readonly root: string;
  /** For the two planes' variables; made when it is not there. */
  readonly dataDir: string;
  /** Begin of the two compose projects' names. */
  readonly name: string;
  /** What backup.sh wrote, in a folder for each plane. */
  readonly backup: string;
}

/** Two planes brought back from backups on a machine that knows nothing of them, under other ports. */
export class RestoredPair {
  readonly #scripts: OperatorScripts;
  readonly #made: ComposeProject[] = [];

  constructor(
    private readonly engine: Engine,
    private readonly options: RestoreOptions,
  ) {
    this.#scripts = new OperatorScripts(engine, options.root);
    mkdirSync(options.dataDir, { recursive: true });
  }

  /** @returns addresses of the planes' APIs */
  async start(): Promise<{ readonly control: string; readonly data: string }> {
    const { dataDir } = this.options;
    const port = await freePortBlock(6);
    const url = (api: number): string => `http://127.0.0.1:${api}`;
    const control = await this.#restore('control-plane', {
      ...published({ api: port, http: port + 1, https: port + 2 }),
      BEHAVRY_HTTPS_PORT: `${await bridgeAddress(this.engine)}:${port + 2}`,
      BEHAVRY_PUBLIC_URL: url(port),
    });
    const authority = join(dataDir, 'control-plane-ca.crt');
    await control.run(['cp', 'edge:/run/secrets/edge/ca.crt', authority]);
    const scratch = join(dataDir, 'scratch');
    mkdirSync(scratch, { recursive: true });
    await this.#restore('data-plane', {
      ...published({ api: port + 3, http: port + 4, https: port + 5 }),
      BEHAVRY_PUBLIC_URL: url(port + 3),
      BEHAVRY_CONTROL_PLANE_URL: `https://${HOST}:${port + 2}`,
      BEHAVRY_CONTROL_PLANE_CA_FILE: authority,
      BEHAVRY_STDIO_FILES: scratch,
    });
    return { control: url(port), data: url(port + 3) };
  }

  async remove(): Promise<void> {
    for (const project of [...this.#made].reverse())
      await project.try(['down', '--volumes', '--remove-orphans', '--timeout', '15']);
  }

  async #restore(plane: SplitPlane, changed: EnvFile): Promise<ComposeProject> {
    const { root, dataDir, name, backup } = this.options;
    const envFile = join(dataDir, `${plane}.env`);
    const kept = readFileSync(join(backup, plane, 'plane.env'), 'utf8');
    // What stands later wins.
    writeFileSync(envFile, `${kept}${envText(changed)}`, { mode: 0o600 });
    const on: ScriptedPlane = { plane, project: `${name}-${plane}`, envFile, profiles: [] };
    const project = new ComposeProject(this.engine, {
      root,
      files: [`docker-compose.${plane}.yml`],
      envFile,
      project: on.project,
    });
    this.#made.push(project);
    await this.#scripts.run(on, 'restore', [join(backup, plane)]);
    return project;
  }
}

/** Signs in to a restored plane as its administrator, with the password of its backup unless another is given. */
export function signInTo(url: string, backup: string, plane: SplitPlane): Promise<PlaneClient> {
  const text = readFileSync(join(backup, plane, 'plane.env'), 'utf8');
  const password = /^BEHAVRY_ADMIN_PASSWORD='(.*)'$/m.exec(text)?.[1] ?? '';
  return PlaneClient.signIn(url, 'admin', password);
}
