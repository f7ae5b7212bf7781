import { CLAIM_PATH, isObject, type ClaimAnswer, type ClaimRequest } from '@behavry/contracts';
import { Pool } from 'undici';
import type { Claims } from '../../ports/ports';

export interface HttpClaimsOptions {
  /** Base URL of escalation-worker's ops port. */
  readonly url: string;
  /** The plane-internal bearer. */
  readonly bearer: string;
  readonly onFailure: (error: unknown) => void;
}

// Beyond the hold itself: opening or finding the escalation takes a transaction.
const SLACK_MS = 5_000;
const STATES = ['approved', 'pending', 'denied', 'expired', 'limit'];

/** Asks escalation-worker over HTTP; the call is held there until a person decides or the hold ends. */
export class HttpClaims implements Claims {
  readonly #pool: Pool;
  readonly #options: HttpClaimsOptions;

  constructor(options: HttpClaimsOptions) {
    this.#options = options;
    this.#pool = new Pool(options.url, { connections: 256, pipelining: 1, connect: { timeout: 2_000 } });
  }

  async claim(request: ClaimRequest, signal: AbortSignal): Promise<ClaimAnswer | undefined> {
    try {
      const response = await this.#pool.request({
        path: CLAIM_PATH,
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${this.#options.bearer}` },
        body: JSON.stringify(request),
        signal,
        headersTimeout: request.hold_ms + SLACK_MS,
        bodyTimeout: SLACK_MS,
      });
      const text = await response.body.text();
      if (response.statusCode !== 200)
        throw new Error(`escalation-worker answered ${String(response.statusCode)}`);
      const answer = readAnswer(JSON.parse(text));
      if (!answer) throw new Error('escalation-worker gave an answer that is no claim');
      return answer;
    } catch (error) {
      if (!signal.aborted) this.#options.onFailure(error);
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

function readAnswer(value: unknown): ClaimAnswer | undefined {
  if (!isObject(value) || !STATES.includes(String(value['state']))) return undefined;
  if (value['state'] !== 'limit' && typeof value['escalation_id'] !== 'string') return undefined;
  if (value['state'] === 'pending' && typeof value['expires_at'] !== 'string') return undefined;
  return value as unknown as ClaimAnswer;
}
