import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AuditVerificationRepository, type KeptVerification } from '@behavry/db-data';
import { PlaneState, ServiceContext, withTenant } from '@behavry/platform';
import { DataSource } from 'typeorm';
import type { AuditWriterConfig } from '../audit-writer.config';
import { AuditVerifier } from '../events/audit-verifier';
import { planeTenant } from '../plane-tenant';
import { ChainMetrics } from './chain-metrics';
import { isWholeDue } from './whole-due';

/** A process that just started has better things to do. */
const FIRST_MS = 30_000;
/** Until it is known whose chain it is. */
const UNKNOWN_MS = 1_000;

/**
 * Verifies the chain by itself: what is new regularly, all of it once a day. One process of a plane does it, the others
 * show its verdict; the verdict lies in the database and outlives all of them.
 */
@Injectable()
export class ChainWatch implements OnModuleInit, OnModuleDestroy {
  readonly #stopping = new AbortController();
  readonly #metrics: ChainMetrics;
  #running: Promise<void> | undefined;

  constructor(
    private readonly context: ServiceContext<AuditWriterConfig>,
    private readonly source: DataSource,
    private readonly state: PlaneState,
    private readonly verifier: AuditVerifier,
  ) {
    this.#metrics = new ChainMetrics(context.metrics);
  }

  onModuleInit(): void {
    this.#running = this.#run();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const isStopping = (): boolean => signal.aborted;
    const everyMs = this.context.config.auditVerifySeconds * 1000;
    let hasShown = false;
    for (let waitMs = 0; !isStopping();) {
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
      if (isStopping()) return;
      const tenantId = planeTenant(this.context, this.state);
      try {
        if (tenantId === undefined) waitMs = UNKNOWN_MS;
        else if (!hasShown) {
          this.#say(await this.#kept(tenantId));
          hasShown = true;
          waitMs = Math.min(FIRST_MS, everyMs);
        } else {
          waitMs = everyMs;
          this.#say(await this.#verifyAlone(tenantId));
        }
      } catch (error) {
        waitMs = Math.min(FIRST_MS, everyMs);
        if (!isStopping())
          this.context.log.warn({ err: error }, 'audit: the chain could not be verified now; it will be');
      }
    }
  }

  /** @returns the verdict; that of the process that is at it now, when another one is */
  async #verifyAlone(tenantId: string): Promise<KeptVerification> {
    const runner = this.source.createQueryRunner();
    const key = [`behavry:audit-verify:${tenantId}`];
    try {
      const rows = (await runner.query('SELECT pg_try_advisory_lock(hashtext($1)) AS held', key)) as {
        held: boolean;
      }[];
      if (rows[0]?.held !== true) return await this.#kept(tenantId);
      try {
        return await this.#verify(tenantId);
      } finally {
        await runner.query('SELECT pg_advisory_unlock(hashtext($1))', key);
      }
    } finally {
      await runner.release();
    }
  }

  async #verify(tenantId: string): Promise<KeptVerification> {
    const { clock, config } = this.context;
    const before = await this.#kept(tenantId);
    // A broken chain is read from its beginning each time: that is how somebody sees that it was mended.
    const isWhole =
      !before.isOk || isWholeDue(before.wholeAt?.getTime(), clock.now(), config.auditVerifyHour);
    const anchor = { seq: before.verifiedSeq, hash: before.verifiedHash };
    const begun = performance.now();
    const found = await this.verifier.verifySlowly(tenantId, anchor, isWhole, this.#stopping.signal);
    const verdict: KeptVerification = {
      isOk: found.ok,
      verifiedSeq: found.ok ? found.head.seq : before.verifiedSeq,
      verifiedHash: found.ok ? found.head.hash : before.verifiedHash,
      verifiedAt: new Date(clock.now()),
      wholeAt: isWhole ? new Date(clock.now()) : before.wholeAt,
      seconds: (performance.now() - begun) / 1000,
      badSeq: found.first_bad?.seq ?? null,
      badKind: found.first_bad?.kind ?? null,
    };
    await withTenant(this.source, tenantId, (manager) =>
      new AuditVerificationRepository(manager, tenantId).write(verdict),
    );
    if (found.ok && !before.isOk) this.context.log.info('audit: the chain is whole again');
    return verdict;
  }

  #kept(tenantId: string): Promise<KeptVerification> {
    return withTenant(this.source, tenantId, (manager) =>
      new AuditVerificationRepository(manager, tenantId).read(),
    );
  }

  #say(verdict: KeptVerification): void {
    this.#metrics.show(verdict);
    if (verdict.isOk) return;
    const { badSeq: seq, badKind: kind, verifiedAt } = verdict;
    this.context.log.error(
      { event: 'audit_chain_broken', seq, kind, verified_at: verifiedAt.toISOString() },
      'audit: the chain is broken: a record was changed, removed or put elsewhere',
    );
  }
}
