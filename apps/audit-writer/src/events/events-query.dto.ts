import { Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { VERDICTS } from '@behavry/contracts';
import type { AuditFilter } from '@behavry/db-data';

/** What chooses audit events; `from` counts, `to` no longer does. */
export class EventsFilter {
  @IsOptional() @IsUUID() id?: string;
  @IsOptional() @IsString() @MaxLength(512) agent_id?: string;
  @IsOptional() @IsString() @MaxLength(512) session_id?: string;
  @IsOptional() @IsIn(VERDICTS) verdict?: string;
  @IsOptional() @IsString() @MaxLength(1024) tool?: string;
  @IsOptional() @IsString() @MaxLength(1024) server?: string;
  @IsOptional() @IsISO8601({ strict: true }) from?: string;
  @IsOptional() @IsISO8601({ strict: true }) to?: string;
}

/** Query of `GET /api/v1/audit/events`: newest first unless asked otherwise. */
export class EventsQuery extends EventsFilter {
  /** The `next_cursor` of the page before. */
  @IsOptional()
  @Matches(/^[0-9a-z]{1,11}$/, { message: 'cursor must be the next_cursor of a page' })
  cursor?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(500) limit: number = 100;
  @IsOptional() @IsIn(['asc', 'desc']) order: 'asc' | 'desc' = 'desc';
}

/** Query of `GET /api/v1/audit/export`. */
export class ExportQuery extends EventsFilter {
  @IsOptional() @IsIn(['ndjson', 'csv']) format: 'ndjson' | 'csv' = 'ndjson';
  /** Adds personal values with their salts to each line of NDJSON; role admin. */
  @IsOptional() @IsIn(['true', 'false']) personal: 'true' | 'false' = 'false';
}

/** Query of `GET /api/v1/audit/verify`: sequence numbers, both included. */
export class VerifyQuery {
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) from?: number;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) to?: number;
}

/** @returns the repository's form of a filter */
export function auditFilter(query: EventsFilter): AuditFilter {
  return {
    ...(query.id === undefined ? {} : { id: query.id.toLowerCase() }),
    ...(query.agent_id === undefined ? {} : { agentId: query.agent_id }),
    ...(query.session_id === undefined ? {} : { sessionId: query.session_id }),
    ...(query.verdict === undefined ? {} : { verdict: query.verdict }),
    ...(query.tool === undefined ? {} : { tool: query.tool }),
    ...(query.server === undefined ? {} : { server: query.server }),
    ...(query.from === undefined ? {} : { from: new Date(query.from) }),
    ...(query.to === undefined ? {} : { to: new Date(query.to) }),
  };
}

/** @returns the opaque form of a place in the chain */
export function cursorOf(seq: number): string {
  return seq.toString(36);
}

/** @returns the place in the chain that a cursor stands for */
export function seqOf(cursor: string): number {
  return Number.parseInt(cursor, 36);
}
