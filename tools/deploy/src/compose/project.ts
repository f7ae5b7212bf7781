import { join } from 'node:path';
import { checked, runCommand, type Ended, type Engine, type RunOptions } from '../engine/engine';

export interface ProjectOptions {
  /** The workspace. */
  readonly root: string;
  /** Files of `docker/`, the first one the plane's. */
  readonly files: readonly string[];
  readonly envFile: string;
  /** Name of the compose project; else the one that stands in the file. */
  readonly project?: string;
  readonly profiles?: readonly string[];
}

/** One plane under compose, started with the commands that stand in the documentation. */
export class ComposeProject {
  readonly #command: readonly string[];

  constructor(
    private readonly engine: Engine,
    options: ProjectOptions,
  ) {
    this.#command = [
      ...engine.compose,
      ...options.files.flatMap((file) => ['--file', join(options.root, 'docker', file)]),
      ...['--env-file', options.envFile],
      ...(options.project === undefined ? [] : ['--project-name', options.project]),
      ...(options.profiles ?? []).flatMap((profile) => ['--profile', profile]),
    ];
  }

  /** @throws EngineError with the end of the output unless it ends with 0 */
  async run(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return checked(['compose', ...args], await this.try(args, options));
  }

  /** The same, whatever its end. */
  try(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return runCommand([...this.#command, ...args], options);
  }

  /** @returns ids of the containers of a service; none for a service that is not of this plane */
  async containers(service: string): Promise<readonly string[]> {
    const { code, output } = await this.try(['ps', '--all', '--quiet', service]);
    return code === 0 ? output.split('\n').filter((id) => id !== '') : [];
  }

  /** @returns service and exit code of everything that ran */
  async exitCodes(): Promise<ReadonlyMap<string, number>> {
    const ids = (await this.run(['ps', '--all', '--quiet'])).split('\n').filter((id) => id !== '');
    const format = '{{index .Config.Labels "com.docker.compose.service"}} {{.State.ExitCode}}';
    const lines = (await this.engine.run(['inspect', '--format', format, ...ids])).trim().split('\n');
    return new Map(lines.map((line) => line.split(' ')).map(([name = '', code]) => [name, Number(code)]));
  }
}
