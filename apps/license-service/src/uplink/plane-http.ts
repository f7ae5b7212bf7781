import { Agent, request, type Dispatcher } from 'undici';
import { boundedBody, controlPlaneAgent, type UplinkConfig } from '@behavry/platform';

const CONNECT_MS = 5_000;
const ANSWER_MS = 5_000;
const MAX_BYTES = 32 * 1024 * 1024;

/** What the other side said; a body that is no JSON has no `json`. */
export interface PlaneAnswer {
  readonly status: number;
  readonly etag: string | undefined;
  readonly text: string;
}

export interface PlaneRequest {
  readonly method: 'GET' | 'POST';
  /** Absolute path with query. */
  readonly path: string;
  readonly token: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Time until the answer begins, in ms; 5 s when not given. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/** The one way out of a data plane: every request has its time-outs, no redirect is followed. */
export class PlaneHttp {
  readonly #agent: Dispatcher;

  /**
   * @param baseUrl of the control plane, or of the bundle-server of a standalone system
   * @param config says how the control plane is reached; without it nothing stands between
   */
  constructor(
    private readonly baseUrl: string,
    config?: UplinkConfig,
  ) {
    const limits = { connections: 4, keepAliveTimeout: 10_000 };
    this.#agent = config
      ? controlPlaneAgent(config, { ...limits, connectMs: CONNECT_MS })
      : new Agent({ ...limits, connect: { timeout: CONNECT_MS } });
  }

  /** @throws Error when no whole answer came in time */
  async send({ method, path, token, body, headers, waitMs, signal }: PlaneRequest): Promise<PlaneAnswer> {
    const answer = await request(`${this.baseUrl}${path}`, {
      dispatcher: this.#agent,
      method,
      headersTimeout: waitMs ?? ANSWER_MS,
      bodyTimeout: ANSWER_MS,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
    const etag = answer.headers['etag'];
    return {
      status: answer.statusCode,
      etag: Array.isArray(etag) ? etag[0] : etag,
      text: (await boundedBody(answer.body, MAX_BYTES)).toString('utf8'),
    };
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
