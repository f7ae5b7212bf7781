import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '@behavry/components';

/** A command of the container engine that did not end well, with the end of what it said. */
export class EngineError extends Error {}

export interface RunOptions {
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input. */
  readonly input?: string;
  /** Its output goes to the person instead of to the caller. */
  readonly isShown?: boolean;
  readonly timeoutMs?: number;
}

export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Where distributions and this product keep the compose command, beside `docker compose`. */
const COMPOSE_PLACES = [
  '/usr/libexec/docker/cli-plugins/docker-compose',
  '/usr/local/lib/docker/cli-plugins/docker-compose',
  '/usr/lib/docker/cli-plugins/docker-compose',
];

/** The container engine of this machine: `docker` and compose v2, whichever of their clients work here. */
export class Engine {
  #compose: readonly string[] | undefined;

  private constructor(readonly docker: string) {}

  /** @throws EngineError that says what is missing and how to get it */
  static find(): Engine {
    const docker = ['docker', '/usr/bin/docker'].find((command) => canBuild(command));
    if (docker === undefined)
      throw new EngineError(
        'No Docker engine answers. Start one (systemctl start docker, or dockerd by hand) or name it in DOCKER_HOST.',
      );
    return new Engine(docker);
  }

  /** The compose command. @throws EngineError when there is none that is new enough */
  get compose(): readonly string[] {
    this.#compose ??= [
      [this.docker, 'compose'],
      ['docker-compose'],
      ...[...COMPOSE_PLACES, composeInCache()].map((file) => [file]),
    ].find((command) => isComposeV2(command));
    if (this.#compose) return this.#compose;
    throw new EngineError(
      'docker compose (v2.24 or newer) is missing. Install the plugin, or let `npx nx run deploy:prepare` fetch it from Debian.',
    );
  }

  get hasCompose(): boolean {
    try {
      return this.compose.length > 0;
    } catch {
      return false;
    }
  }

  /** Runs a docker command. @throws EngineError unless it ends with 0 */
  async run(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return checked([this.docker, ...args], await this.try(args, options));
  }

  /** The same, whatever its end. */
  try(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return runCommand([this.docker, ...args], options);
  }

  /** Whether an image is on this machine. */
  async hasImage(tag: string): Promise<boolean> {
    return (await this.try(['image', 'inspect', '--format', '{{.Id}}', tag])).code === 0;
  }
}

/** Where `deploy:prepare` keeps a compose command that it fetched. */
export function composeInCache(): string {
  return join(cacheFolder(), 'compose/docker-compose');
}

/** Runs a command to its end; nothing is inherited but the environment. */
export async function runCommand(command: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { env = {}, input, isShown = false, timeoutMs = 1_200_000 } = options;
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    env: { ...process.env, DOCKER_BUILDKIT: '1', ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  if (input !== undefined) child.stdin?.end(input);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-1_000_000);
      if (isShown) process.stdout.write(chunk);
    });
  const timer = setTimeout(() => child.kill(), timeoutMs);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (ended) => resolve(ended ?? 1));
  });
  clearTimeout(timer);
  return { code, output };
}

/** @throws EngineError with the end of the output unless it ended with 0 */
export function checked(command: readonly string[], { code, output }: Ended): string {
  if (code === 0) return output;
  throw new EngineError(
    `${command.slice(0, 4).join(' ')} … ended with ${code}:\n${output.trim().slice(-3_000)}`,
  );
}

/** Debian's client builds with the engine's own BuildKit; newer ones need the buildx plugin for it. */
function canBuild(docker: string): boolean {
  const version = spawnSync(docker, ['version', '--format', '{{.Server.Version}} {{.Client.Version}}'], {
    encoding: 'utf8',
  });
  if (version.status !== 0) return false;
  const client = Number(version.stdout.trim().split(' ')[1]?.split('.')[0]);
  return client < 23 || spawnSync(docker, ['buildx', 'version']).status === 0;
}

function isComposeV2([program = '', ...args]: readonly string[]): boolean {
  if (program.startsWith('/') && !existsSync(program)) return false;
  const { status, stdout } = spawnSync(program, [...args, 'version', '--short'], { encoding: 'utf8' });
  return status === 0 && /^v?2\.(?:2[4-9]|[3-9]\d)/.test(stdout.trim());
}
