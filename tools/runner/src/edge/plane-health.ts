import type { Agent } from 'undici';
import { appsOf, type AppName, type Mode } from '@behavry/contracts';

/** What the apps of a plane say about themselves. */
export interface PlaneHealth {
  readonly isReady: boolean;
  readonly apps: Readonly<Record<string, 'ready' | 'not_ready' | 'unreachable'>>;
  /** One entry per app that is not ready: its name and why. */
  readonly faults: readonly { readonly field: AppName; readonly message: string }[];
}

interface OpsReport {
  readonly checks?: Readonly<Record<string, { readonly ready: boolean; readonly detail?: string }>>;
}

/**
 * Asks every app of a mode, on its ops port, whether it is ready.
 * @param opsUrl base URL of an app's ops port
 */
export async function planeHealth(
  mode: Mode,
  opsUrl: (app: AppName) => string,
  agent: Agent,
): Promise<PlaneHealth> {
  const names = appsOf(mode).map(({ name }) => name);
  const faults = (await Promise.all(names.map((name) => faultOf(name, opsUrl(name), agent)))).flat();
  const apps = Object.fromEntries(
    names.map((name) => {
      const fault = faults.find(({ field }) => field === name);
      return [
        name,
        fault === undefined ? 'ready' : fault.message === UNREACHABLE ? 'unreachable' : 'not_ready',
      ];
    }),
  ) as PlaneHealth['apps'];
  return { isReady: faults.length === 0, apps, faults };
}

const UNREACHABLE = 'does not answer';

async function faultOf(name: AppName, base: string, agent: Agent): Promise<PlaneHealth['faults']> {
  try {
    const { statusCode, body } = await agent.request({
      origin: base,
      path: '/health/ready',
      method: 'GET',
      signal: AbortSignal.timeout(3_000),
    });
    const text = await body.text();
    return statusCode === 200 ? [] : [{ field: name, message: reasonOf(text) }];
  } catch {
    return [{ field: name, message: UNREACHABLE }];
  }
}

function reasonOf(text: string): string {
  try {
    const failing = Object.entries((JSON.parse(text) as OpsReport).checks ?? {}).filter(
      ([, { ready }]) => !ready,
    );
    const reasons = failing.map(([check, { detail }]) =>
      detail === undefined ? check : `${check}: ${detail}`,
    );
    return reasons.join('; ') || 'not ready';
  } catch {
    return 'not ready';
  }
}
