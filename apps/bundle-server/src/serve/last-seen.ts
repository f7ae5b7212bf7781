import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DataPlaneTokenRepository, type PresentedToken } from '@behavry/db-control';
import { ServiceContext, withTenant } from '@behavry/platform';

/** A token's use is written at most this often. */
const EVERY_MS = 1_000;
const MAX_REMEMBERED = 10_000;

/** Moves `last_seen_at` of a token with its use (contract: OPA bundle serving), never in the way of the answer. */
@Injectable()
export class LastSeen {
  readonly #writtenAt = new Map<string, number>();

  constructor(
    private readonly database: DataSource,
    private readonly context: ServiceContext,
  ) {}

  /** Begins to record that a token was used; a failure is logged and forgotten. */
  note({ id, tenantId, internal }: PresentedToken): void {
    const now = this.context.clock.now();
    if (internal || now - (this.#writtenAt.get(id) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return;
    if (this.#writtenAt.size >= MAX_REMEMBERED) this.#writtenAt.clear();
    this.#writtenAt.set(id, now);
    withTenant(this.database, tenantId, (manager) =>
      new DataPlaneTokenRepository(manager, tenantId).touch(id, new Date(now)),
    ).catch((error: unknown) => {
      this.context.log.debug({ err: error }, 'the use of a token could not be recorded');
    });
  }
}
