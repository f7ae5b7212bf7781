import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { dataPlaneTokenByHash, TOKEN_CHANNEL, type PresentedToken } from '@behavry/db-control';
import { Clock, PgNotifications, ServiceContext, sha256 } from '@behavry/platform';
import { Waiters } from './waiters';

/** How long a verdict stands without asking the database again. */
const FRESH_MS = 1_000;
/** How long a good verdict outlives the database, so that an outage stops no data plane at once. */
const OUTAGE_MS = 60_000;
const MAX_REMEMBERED = 10_000;
const MAX_TOKEN_CHARACTERS = 512;

interface Verdict {
  readonly token: PresentedToken | undefined;
  readonly at: number;
}

/**
 * Who a bearer token belongs to. The database is the truth; a revocation is heard at once, forgets the
 * tenant's verdicts and lets its held polls look again.
 */
@Injectable()
export class TokenVerdicts implements OnModuleInit {
  readonly #verdicts = new Map<string, Verdict>();
  /** Counts what was heard, so that an answer that was under way then is not remembered. */
  #heard = 0;

  constructor(
    private readonly database: DataSource,
    private readonly notifications: PgNotifications,
    private readonly clock: Clock,
    private readonly waiters: Waiters,
    private readonly context: ServiceContext,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.notifications.listen(TOKEN_CHANNEL, (tenantId) => {
      this.#forget(tenantId);
    });
  }

  /**
   * @param token what the client showed; never kept, only its hash
   * @returns undefined when it is unknown, revoked or expired
   * @throws the database's error when it is away and nothing recent is remembered
   */
  async of(token: string): Promise<PresentedToken | undefined> {
    if (token === '' || token.length > MAX_TOKEN_CHARACTERS) return undefined;
    const hash = sha256(token);
    const verdict = await this.#verdict(hash.toString('base64'), hash);
    const { token: found } = verdict;
    if (found?.revokedAt !== null) return undefined;
    return found.expiresAt !== null && found.expiresAt.getTime() <= this.clock.now() ? undefined : found;
  }

  async #verdict(name: string, hash: Buffer): Promise<Verdict> {
    const remembered = this.#verdicts.get(name);
    if (remembered && this.#isFresh(remembered)) return remembered;
    const heard = this.#heard;
    try {
      const verdict = {
        token: await dataPlaneTokenByHash(this.database.manager, hash),
        at: this.clock.now(),
      };
      if (heard === this.#heard) this.#remember(name, verdict);
      return verdict;
    } catch (error) {
      if (!remembered?.token || this.clock.now() - remembered.at > OUTAGE_MS) throw error;
      this.context.log.debug({ err: error }, 'the database is away; a remembered token is accepted');
      return remembered;
    }
  }

  #isFresh({ at }: Verdict): boolean {
    const age = this.clock.now() - at;
    return age >= 0 && age < FRESH_MS;
  }

  #remember(name: string, verdict: Verdict): void {
    this.#verdicts.delete(name);
    this.#verdicts.set(name, verdict);
    if (this.#verdicts.size <= MAX_REMEMBERED) return;
    const oldest = this.#verdicts.keys().next();
    if (!oldest.done) this.#verdicts.delete(oldest.value);
  }

  #forget(tenantId: string): void {
    this.#heard += 1;
    if (tenantId === '') this.#verdicts.clear();
    for (const [name, { token }] of this.#verdicts) {
      if (token?.tenantId === tenantId) this.#verdicts.delete(name);
    }
    this.waiters.wake(tenantId === '' ? undefined : tenantId);
  }
}
