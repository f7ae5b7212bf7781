import { timingSafeEqual } from 'node:crypto';
import type { AgentEntry } from '@behavry/contracts';
import type { Identify, Identity, PlaneView } from '@behavry/pipeline';
import { sha256, type NextConfig } from '@behavry/platform';

/** `agk_<client id>.<client secret>`: an agent's credentials as one fixed text (semantics: LLM proxies). */
const KEY = /^agk_([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{16,128})$/;
const DAY_MS = 86_400_000;
// A key that stays unknown must not make the plane ask again for each request that brings it.
const REFRESH_EVERY_MS = 1_000;

export interface CallersOptions {
  /** Tells agents by the tokens that an issuer has signed. */
  readonly tokens: Pick<Identify, 'identify'>;
  readonly plane: Pick<PlaneView, 'config'>;
  readonly nextConfig: Pick<NextConfig, 'wait'>;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/**
 * Tells agents by tokens, which end by themselves, and by keys, which do not: a key is good as long as the configuration
 * has its secret. A key opens one session a UTC day; whoever ends that, ends the key for the rest of the day.
 */
export class Callers implements Identify {
  readonly #options: CallersOptions;
  /** Of the day, by agent and secret. */
  readonly #sessions = new Map<string, string>();
  #day = 0;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(options: CallersOptions) {
    this.#options = options;
  }

  identify(token: string): Identity | undefined {
    const key = KEY.exec(token);
    return key ? this.#byKey(key) : this.#options.tokens.identify(token);
  }

  /** As {@link identify}; a key may be so new that the configuration does not have it yet, which is waited for a little. */
  async identifySoon(token: string): Promise<Identity | undefined> {
    const known = this.identify(token);
    const key = known ? null : KEY.exec(token);
    const { plane, nextConfig, now } = this.#options;
    if (!key || now() - this.#refreshedAt < REFRESH_EVERY_MS) return known;
    const [, clientId = ''] = key;
    // A wrong secret of a known agent does not become right by waiting, or only when it is made anew.
    if (!plane.config || plane.config.agentOfClient(clientId)) return undefined;
    this.#refreshedAt = now();
    await nextConfig.wait(({ agents }) => agents.some(({ client_id }) => client_id === clientId));
    return this.#byKey(key);
  }

  #byKey([, clientId = '', secret = '']: RegExpExecArray): Identity | undefined {
    const { config } = this.#options.plane;
    const agent = config?.agentOfClient(clientId);
    if (!config || !agent || !isSecretOf(agent, secret)) return undefined;
    const now = this.#options.now();
    const { tokens_not_before: notBefore } = agent;
    return {
      agentId: agent.id,
      sessionId: this.#sessionOf(agent, now),
      tenantId: config.document.tenant_id,
      // Its secret is the one that counts now, whatever this machine's clock says of when that began.
      issuedAt: notBefore === null ? now : Math.max(now, Date.parse(notBefore)),
    };
  }

  /** @returns the same for all processes of a plane: a UUID of version 8 (RFC 9562 §5.8), so that one end ends all */
  #sessionOf({ id, secret_sha256: secret }: AgentEntry, now: number): string {
    const day = Math.floor(now / DAY_MS);
    if (day !== this.#day) this.#sessions.clear();
    this.#day = day;
    const key = `${id} ${secret}`;
    let session = this.#sessions.get(key);
    if (session === undefined) this.#sessions.set(key, (session = uuidOf(`${key} ${String(day)}`)));
    return session;
  }
}

function isSecretOf({ secret_sha256: expected }: AgentEntry, secret: string): boolean {
  const bytes = Buffer.from(expected, 'hex');
  return bytes.length === 32 && timingSafeEqual(sha256(secret), bytes);
}

function uuidOf(text: string): string {
  const bytes = sha256(text).subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
