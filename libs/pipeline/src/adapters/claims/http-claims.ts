import {
  CLAIM_PATH,
  isObject,
  STANDING_PATH,
  type ClaimAnswer,
  type ClaimRequest,
  type Standing,
  type StandingRequest,
} from '@behavry/contracts';
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
const STANDINGS: readonly unknown[] = ['approved', 'pending', 'refused', 'gone'] satisfies Standing[];

/** Asks escalation-worker over HTTP; the call is held there until a person decides or the hold ends. */
export class HttpClaims implements Claims {
  readonly #pool: Pool;
  readonly #options: HttpClaimsOptions;

  constructor(options: HttpClaimsOptions) {
    this.#options = options;
    this.#pool = new Pool(options.url, { connections: 256, pipelining: 1, connect: { timeout: 2_000 } });
  }

  claim(request: ClaimRequest, signal: AbortSignal): Promise<ClaimAnswer | undefined> {
    return this.#ask(CLAIM_PATH, request, readAnswer, signal);
  }

  standing(request: StandingRequest, signal: AbortSignal): Promise<readonly Standing[] | undefined> {
    const read = (value: unknown): readonly Standing[] | undefined =>
      readStates(value, request.escalation_ids.length);
    return this.#ask(STANDING_PATH, request, read, signal);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #ask<T>(
    path: string,
    request: ClaimRequest | StandingRequest,
    read: (value: unknown) => T | undefined,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    try {
      const response = await this.#pool.request({
        path,
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
      const answer = read(JSON.parse(text));
      if (!answer) throw new Error('escalation-worker gave an answer that is none');
      return answer;
    } catch (error) {
      if (!signal.aborted) this.#options.onFailure(error);
      return undefined;
    }
  }
}

function readStates(value: unknown, count: number): readonly Standing[] | undefined {
  const states = isObject(value) ? value['states'] : undefined;
  if (!Array.isArray(states) || states.length !== count) return undefined;
  return states.every((state) => STANDINGS.includes(state)) ? (states as Standing[]) : undefined;
}

function readAnswer(value: unknown): ClaimAnswer | undefined {
  if (!isObject(value) || !STATES.includes(String(value['state']))) return undefined;
  if (value['state'] !== 'limit' && typeof value['escalation_id'] !== 'string') return undefined;
  if (value['state'] === 'pending' && typeof value['expires_at'] !== 'string') return undefined;
  return value as unknown as ClaimAnswer;
}
