import { Agent } from 'undici';
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

/** How long an answer is given again: strangers may ask, and each question goes to every app. */
const KEPT_MS = 500;
const ANSWER_MS = 3_000;
const MAX_BYTES = 64 * 1024;
const UNREACHABLE = 'does not answer';

/** Asks every app of a mode, on its ops port, whether it is ready; many who ask at once share one answer. */
export class PlaneHealthSource {
  readonly #agent = new Agent({
    connect: { timeout: ANSWER_MS },
    connections: 2,
    maxResponseSize: MAX_BYTES,
  });
  #asked: { readonly at: number; readonly health: Promise<PlaneHealth> } | undefined;

  /** @param opsUrl base URL of an app's ops port */
  constructor(
    private readonly mode: Mode,
    private readonly opsUrl: (app: AppName) => string,
  ) {}

  read(): Promise<PlaneHealth> {
    const now = performance.now();
    if (this.#asked === undefined || now - this.#asked.at > KEPT_MS)
      this.#asked = { at: now, health: this.#ask() };
    return this.#asked.health;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask(): Promise<PlaneHealth> {
    const names = appsOf(this.mode).map(({ name }) => name);
    const faults = (await Promise.all(names.map((name) => this.#faultOf(name)))).flat();
    const stateOf = (name: AppName): PlaneHealth['apps'][string] => {
      const fault = faults.find(({ field }) => field === name);
      if (fault === undefined) return 'ready';
      return fault.message === UNREACHABLE ? 'unreachable' : 'not_ready';
    };
    const apps = Object.fromEntries(names.map((name) => [name, stateOf(name)]));
    return { isReady: faults.length === 0, apps, faults };
  }

  async #faultOf(name: AppName): Promise<PlaneHealth['faults']> {
    try {
      const { statusCode, body } = await this.#agent.request({
        origin: this.opsUrl(name),
        path: '/health/ready',
        method: 'GET',
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const text = await body.text();
      return statusCode === 200 ? [] : [{ field: name, message: reasonOf(text) }];
    } catch {
      return [{ field: name, message: UNREACHABLE }];
    }
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
