import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type { Session } from '@behavry/db-data';
import { PageQuery } from '@behavry/platform';

/** Query of `GET /api/v1/sessions`. */
export class SessionsQuery extends PageQuery {
  @IsOptional() @IsString() @MaxLength(512) agent_id?: string;
  @IsOptional() @IsIn(['active', 'ended']) status?: 'active' | 'ended';
}

export interface SessionView {
  readonly id: string;
  readonly agent_id: string | null;
  readonly status: string;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly calls: number;
  readonly denials: number;
  readonly ended_at: string | null;
  readonly ended_by: string | null;
}

/** @returns the wire form of a session */
export function sessionView(session: Session): SessionView {
  return {
    id: session.id,
    agent_id: session.agentId,
    status: session.status,
    first_seen_at: session.firstSeenAt.toISOString(),
    last_seen_at: session.lastSeenAt.toISOString(),
    calls: session.calls,
    denials: session.denials,
    ended_at: session.endedAt?.toISOString() ?? null,
    ended_by: session.endedBy,
  };
}
