import { execFileSync } from 'node:child_process';
import type { Patient, Visit } from './patient';

/** Lines of each log that are read. */
const LOG_LINES = '5000';
const OUTPUT_BYTES = 64 * 1024 * 1024;

interface Inspected {
  readonly Config: { readonly Env?: readonly string[]; readonly Labels: Readonly<Record<string, string>> };
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly Health?: { readonly Status: string };
  };
  readonly RestartCount: number;
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
  };
}

/**
 * Looks at the containers of a compose project through the docker command. Ops ports are asked at the containers' own
 * addresses, which a Linux host reaches also in networks that have no way out.
 * @throws Error when docker does not answer or there is no such project
 */
export function visitComposeProject(project: string): Visit {
  const ids = docker(
    'ps',
    '--all',
    '--quiet',
    '--no-trunc',
    '--filter',
    `label=com.docker.compose.project=${project}`,
  )
    .split('\n')
    .filter((id) => id !== '');
  if (ids.length === 0) throw new Error(`there is no container of a compose project ${project}`);
  const inspected = JSON.parse(docker('inspect', ...ids)) as Inspected[];
  return {
    patients: inspected.map((container, index) => patientOf(container, ids[index] ?? '')),
    planes: [],
    secrets: [],
    unseen: [],
  };
}

function patientOf({ Config, State, RestartCount, NetworkSettings }: Inspected, id: string): Patient {
  const app = Config.Labels['com.docker.compose.service'] ?? id.slice(0, 12);
  const number = Config.Labels['com.docker.compose.container-number'] ?? '1';
  const address = Object.values(NetworkSettings.Networks).find(
    ({ IPAddress }) => IPAddress !== '',
  )?.IPAddress;
  const environment = Object.fromEntries(
    (Config.Env ?? []).map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  const isApp = environment['BEHAVRY_DEPLOYMENT_MODE'] !== undefined;
  const hasEnded = !State.Running && State.ExitCode === 0;
  return {
    name: `${app}-${number}`,
    app,
    environment,
    // A one-shot job that ended well is well.
    isRunning: State.Running || hasEnded,
    state: `${State.Status}, exit code ${String(State.ExitCode)}, ${String(RestartCount)} restarts${State.OOMKilled ? ', killed for its memory' : ''}${State.Health ? `, ${State.Health.Status}` : ''}`,
    ...(isApp && State.Running && address !== undefined ? { opsUrl: `http://${address}:8001` } : {}),
    log: docker('logs', '--tail', LOG_LINES, id),
  };
}

/** @returns both of its outputs: a container's log comes on both */
function docker(...args: string[]): string {
  try {
    return execFileSync('sh', ['-c', 'exec docker "$@" 2>&1', 'sh', ...args], {
      encoding: 'utf8',
      maxBuffer: OUTPUT_BYTES,
    });
  } catch (error) {
    throw new Error(`docker ${args[0] ?? ''}: ${String((error as { stdout?: string }).stdout).trim()}`, {
      cause: error,
    });
  }
}
