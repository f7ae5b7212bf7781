import { Controller, Get, Headers, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditEvent } from '@behavry/contracts';
import { auditEventOf, AuditQueryRepository } from '@behavry/db-data';
import { CurrentPerson, ProblemError, withTenant, type Person } from '@behavry/platform';
import { DataSource } from 'typeorm';
import { AuditExport } from './audit-export';
import { AuditStream } from './audit-stream';
import { AuditVerifier, type Verification } from './audit-verifier';
import { auditFilter, cursorOf, EventsQuery, ExportQuery, seqOf, VerifyQuery } from './events-query.dto';

interface EventsPage {
  readonly events: readonly AuditEvent[];
  readonly next_cursor: string | null;
}

/** The audit log of this plane. */
@Controller('api/v1/audit')
export class AuditEventsController {
  constructor(
    private readonly source: DataSource,
    private readonly verifier: AuditVerifier,
    private readonly exports: AuditExport,
    private readonly streams: AuditStream,
  ) {}

  @Get('events')
  async list(@CurrentPerson() { tenantId }: Person, @Query() query: EventsQuery): Promise<EventsPage> {
    const { limit, order, cursor } = query;
    const rows = await withTenant(this.source, tenantId, (manager) =>
      new AuditQueryRepository(manager, tenantId).page(auditFilter(query), {
        order,
        limit: limit + 1,
        ...(cursor === undefined ? {} : { beyondSeq: seqOf(cursor) }),
      }),
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      events: page.map(auditEventOf),
      next_cursor: rows.length > limit && last ? cursorOf(last.seq) : null,
    };
  }

  @Get('events/:seq')
  async bySeq(@CurrentPerson() { tenantId }: Person, @Param('seq') text: string): Promise<AuditEvent> {
    const seq = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;
    const row =
      seq === undefined
        ? undefined
        : await withTenant(this.source, tenantId, (manager) =>
            new AuditQueryRepository(manager, tenantId).bySeq(seq),
          );
    if (!row) throw new ProblemError('not_found', 'No audit event has this number.');
    return auditEventOf(row);
  }

  @Get('verify')
  verify(@CurrentPerson() { tenantId }: Person, @Query() query: VerifyQuery): Promise<Verification> {
    return this.verifier.verify(tenantId, query);
  }

  @Get('export')
  async export(
    @CurrentPerson() person: Person,
    @Query() query: ExportQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.exports.send(reply, person, query);
  }

  @Get('stream')
  async stream(
    @CurrentPerson() { tenantId }: Person,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (lastEventId !== undefined && !/^\d{1,15}$/.test(lastEventId)) {
      throw new ProblemError('validation_failed', 'Last-Event-ID must be the number of an event.', {
        errors: [{ field: 'last-event-id', message: 'must be the number of an event' }],
      });
    }
    await this.streams.serve(
      request,
      reply,
      tenantId,
      lastEventId === undefined ? undefined : Number(lastEventId),
    );
  }
}
