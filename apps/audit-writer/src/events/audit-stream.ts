import { once } from 'node:events';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { auditEventOf } from '@behavry/db-data';
import { PersonAccess, ProblemError, ServiceContext, whenOver } from '@behavry/platform';
import { DataSource } from 'typeorm';
import { CommitWakes } from '../intake/commit-wakes';
import { chainPages, lastSeqOf } from './chain-pages';

const HEARTBEAT_MS = 15_000;
/** Another writer's commits are looked for at least this often. */
const LOOK_MS = 2_000;
/** A stream ends after this at the latest. */
const LONGEST_MS = 15 * 60_000;
const MOST_STREAMS = 100;

/** Live rows as server-sent events (WHATWG HTML §9.2): the event id is the row's number. */
@Injectable()
export class AuditStream implements OnModuleDestroy {
  readonly #stopping = new AbortController();
  #streams = 0;

  constructor(
    private readonly context: ServiceContext,
    private readonly source: DataSource,
    private readonly wakes: CommitWakes,
    private readonly access: PersonAccess,
  ) {}

  onModuleDestroy(): void {
    this.#stopping.abort();
  }

  /**
   * Serves one stream until the client leaves or may no longer read, the process stops, or a quarter of an hour is over.
   * @param afterSeq where the client stopped; from now on when left out
   * @throws ProblemError 429 when too many streams are open
   */
  async serve(
    request: FastifyRequest,
    reply: FastifyReply,
    tenantId: string,
    afterSeq: number | undefined,
  ): Promise<void> {
    if (this.#streams >= MOST_STREAMS) {
      throw new ProblemError('too_many_requests', 'Too many streams are open.', {
        headers: { 'retry-after': '10' },
      });
    }
    this.#streams += 1;
    const left = new AbortController();
    try {
      const from = afterSeq ?? (await lastSeqOf(this.source, tenantId));
      reply.hijack();
      whenOver(reply.raw, () => {
        left.abort();
      });
      reply.raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-request-id': request.id,
      });
      const signal = AbortSignal.any([left.signal, this.#stopping.signal]);
      await this.#send(reply, tenantId, from, {
        signal,
        mayGoOn: () => this.access.mayGoOn(request, 'viewer'),
      });
      reply.raw.end();
    } catch (error) {
      if (!reply.raw.headersSent) throw error;
      if (!left.signal.aborted) this.context.log.warn({ err: error }, 'audit: a stream broke off');
      reply.raw.destroy();
    } finally {
      this.#streams -= 1;
    }
  }

  async #send(
    reply: FastifyReply,
    tenantId: string,
    from: number,
    { signal, mayGoOn }: { readonly signal: AbortSignal; readonly mayGoOn: () => boolean },
  ): Promise<void> {
    const { raw } = reply;
    const write = async (text: string): Promise<void> => {
      if (!raw.write(text)) await once(raw, 'drain', { signal });
    };
    const endsAt = performance.now() + LONGEST_MS;
    let beatAt = performance.now() + HEARTBEAT_MS;
    let seq = from;
    await write(`retry: 1000\n: following after ${String(from)}\n\n`);
    while (!signal.aborted && performance.now() < endsAt && mayGoOn()) {
      const woken = this.wakes.next(LOOK_MS, signal);
      for await (const rows of chainPages(
        this.source,
        tenantId,
        {},
        { afterSeq: seq, untilSeq: Number.MAX_SAFE_INTEGER },
      )) {
        await write(
          rows
            .map(
              (row) => `id: ${String(row.seq)}\nevent: audit\ndata: ${JSON.stringify(auditEventOf(row))}\n\n`,
            )
            .join(''),
        );
        seq = rows.at(-1)?.seq ?? seq;
        beatAt = performance.now() + HEARTBEAT_MS;
      }
      if (performance.now() >= beatAt) {
        await write(': still here\n\n');
        beatAt = performance.now() + HEARTBEAT_MS;
      }
      await woken;
    }
  }
}
