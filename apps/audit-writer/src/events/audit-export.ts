import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { auditEventOf, auditRowText } from '@behavry/db-data';
import { ProblemError, reachesRole, whenOver, type Person } from '@behavry/platform';
import { DataSource } from 'typeorm';
import { CSV_COLUMNS, csvLine } from '../domain/csv';
import { chainPages, lastSeqOf } from './chain-pages';
import { auditFilter, type ExportQuery } from './events-query.dto';
import { HeavyReads } from './heavy-reads';

/** Sends a tenant's rows as one file, as fast as the reader takes it and never faster. */
@Injectable()
export class AuditExport {
  readonly #turns = new HeavyReads(4);

  constructor(private readonly source: DataSource) {}

  /**
   * Answers with the rows that are stored now, in chain order: in NDJSON exactly as they were hashed, so that the chain
   * verifies from the file alone; in CSV as people read them.
   * @throws ProblemError 429 when too many exports run, 403 for personal values without the role
   */
  async send(reply: FastifyReply, person: Person, query: ExportQuery): Promise<void> {
    const { tenantId } = person;
    if (query.personal === 'true' && !reachesRole(person.roles, 'admin'))
      throw new ProblemError('forbidden', 'Personal values are exported for the role admin only.');
    const leave = this.#turns.enter();
    whenOver(reply.raw, leave);
    const untilSeq = await lastSeqOf(this.source, tenantId);
    const isCsv = query.format === 'csv';
    await reply
      .type(isCsv ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('content-disposition', `attachment; filename="audit-${tenantId}.${query.format}"`)
      .send(Readable.from(this.#chunks(tenantId, query, untilSeq, isCsv), { objectMode: false }));
  }

  async *#chunks(
    tenantId: string,
    query: ExportQuery,
    untilSeq: number,
    isCsv: boolean,
  ): AsyncGenerator<string, void, undefined> {
    if (isCsv) yield `${CSV_COLUMNS.join(',')}\r\n`;
    for await (const rows of chainPages(this.source, tenantId, auditFilter(query), {
      afterSeq: 0,
      untilSeq,
    })) {
      yield isCsv
        ? rows.map((row) => `${csvLine(auditEventOf(row))}\r\n`).join('')
        : rows.map((row) => `${auditRowText(row, query.personal === 'true')}\n`).join('');
    }
  }
}
