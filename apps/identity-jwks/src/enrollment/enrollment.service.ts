import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { enrollmentTokenByHash, EnrollmentTokenRepository, type EnrollmentToken } from '@behavry/db-control';
import {
  BuildWake,
  ChangeLog,
  Clock,
  ProblemError,
  sha256,
  uuidv7,
  withTenant,
  type Person,
} from '@behavry/platform';
import { AgentService } from '../agents/agent.service';
import type { EnrolledAgentResponse } from '../agents/agent.dto';

export interface EnrollmentDraft {
  readonly label: string;
  readonly expiresHours: number;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

/** Enrolment: an administrator makes a single-use token, whoever holds it makes one agent of it. */
@Injectable()
export class EnrollmentService {
  constructor(
    private readonly database: DataSource,
    private readonly agents: AgentService,
    private readonly changes: ChangeLog,
    private readonly wake: BuildWake,
    private readonly clock: Clock,
  ) {}

  /** @returns the new token with its plain text, which is kept nowhere */
  async create(
    person: Person,
    draft: EnrollmentDraft,
  ): Promise<{ id: string; token: string; expiresAt: Date }> {
    const { tenantId } = person;
    const now = this.clock.now();
    const id = uuidv7(now);
    const token = `enr_${randomBytes(32).toString('base64url')}`;
    const expiresAt = new Date(now + draft.expiresHours * 3_600_000);
    await withTenant(this.database, tenantId, async (manager) => {
      await new EnrollmentTokenRepository(manager, tenantId).insert({
        id,
        tokenSha256: sha256(token),
        label: draft.label,
        roles: draft.roles,
        permissions: draft.permissions,
        createdBy: person.id,
        createdAt: new Date(now),
        expiresAt,
      });
      await this.changes.record(manager, {
        tenantId,
        personId: person.id,
        username: person.username,
        action: 'enrollment_token.create',
        target: id,
        detail: { label: draft.label, roles: draft.roles, expires_at: expiresAt.toISOString() },
      });
    });
    return { id, token, expiresAt };
  }

  list(
    tenantId: string,
    page: { limit: number; offset: number },
  ): Promise<{ tokens: readonly EnrollmentToken[]; total: number }> {
    return withTenant(this.database, tenantId, (manager) =>
      new EnrollmentTokenRepository(manager, tenantId).list(page),
    );
  }

  /** @throws ProblemError 404 */
  async delete(person: Person, id: string): Promise<void> {
    const { tenantId, id: personId, username } = person;
    await withTenant(this.database, tenantId, async (manager) => {
      const isDeleted = await new EnrollmentTokenRepository(manager, tenantId).delete(id);
      if (!isDeleted) throw new ProblemError('not_found', 'There is no enrolment token with this id.');
      await this.changes.record(manager, {
        tenantId,
        personId,
        username,
        action: 'enrollment_token.delete',
        target: id,
        detail: {},
      });
    });
  }

  /**
   * Makes an agent of a token. Token and agent change in one transaction: a refused agent leaves the token
   * unused, and of two callers with one token exactly one gets an agent.
   * @throws ProblemError 401 for an unknown, used or expired token alike; 409 when the licence is full
   */
  async enroll(token: string, name: string, agentType: string): Promise<EnrolledAgentResponse> {
    const offer = await enrollmentTokenByHash(this.database.manager, sha256(token));
    if (!offer?.tenantActive) throw notValid();
    const { tenantId } = offer;
    const response = await withTenant(this.database, tenantId, async (manager) => {
      const made = await this.agents.addTo(manager, tenantId, {
        name,
        agentType,
        owner: null,
        roles: offer.roles,
        permissions: offer.permissions,
      });
      const now = new Date(this.clock.now());
      const isRedeemed = await new EnrollmentTokenRepository(manager, tenantId).redeem(
        offer.id,
        made.id,
        now,
      );
      if (!isRedeemed) throw notValid();
      await this.changes.record(manager, {
        tenantId,
        personId: made.id,
        username: `agent:${name}`,
        action: 'agent.enroll',
        target: made.id,
        detail: { name, agent_type: agentType, roles: offer.roles, enrollment_token_id: offer.id },
      });
      return this.agents.welcome(manager, tenantId, made);
    });
    await this.wake.wake(tenantId, 'config');
    return response;
  }
}

function notValid(): ProblemError {
  return new ProblemError(
    'invalid_credentials',
    'The enrolment token is not valid: unknown, used, or expired.',
  );
}
