import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { AgentStatus } from '@behavry/contracts';
import { AgentRepository, DataPlaneTokenRepository, TenantRepository, type Agent } from '@behavry/db-control';
import {
  BuildWake,
  ChangeLog,
  Clock,
  ProblemError,
  ServiceContext,
  uuidv7,
  withTenant,
  type Person,
} from '@behavry/platform';
import type { IdentityConfig } from '../identity-jwks.config';
import type { EnrolledAgentResponse } from './agent.dto';
import { newCredentials, newSecret, type NewCredentials } from './credentials';

export interface AgentDraft {
  readonly name: string;
  readonly agentType: string;
  readonly owner: string | null;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

export interface MadeAgent extends NewCredentials {
  readonly id: string;
}

interface Move {
  readonly action: string;
  readonly from: readonly AgentStatus[];
  readonly to: AgentStatus;
}

const MOVES = {
  suspend: { action: 'agent.suspend', from: ['active'], to: 'suspended' },
  reactivate: { action: 'agent.reactivate', from: ['suspended'], to: 'active' },
  deprovision: { action: 'agent.deprovision', from: ['active', 'suspended'], to: 'deprovisioned' },
} as const satisfies Readonly<Record<string, Move>>;
export type AgentMove = keyof typeof MOVES;

/** Agents of a tenant: made, looked at, suspended, reactivated, ended. */
@Injectable()
export class AgentService {
  constructor(
    private readonly context: ServiceContext<IdentityConfig>,
    private readonly database: DataSource,
    private readonly changes: ChangeLog,
    private readonly wake: BuildWake,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds an agent inside a transaction of its tenant.
   * @throws ProblemError 409 `agent_limit_reached` when the licence allows no more
   */
  async addTo(manager: EntityManager, tenantId: string, draft: AgentDraft): Promise<MadeAgent> {
    const agents = new AgentRepository(manager, tenantId);
    const tenant = await new TenantRepository(manager, tenantId).lock();
    if (tenant?.status !== 'active') throw new ProblemError('forbidden', 'This tenant is suspended.');
    if (tenant.maxAgents >= 0 && (await agents.countKept()) >= tenant.maxAgents) {
      throw new ProblemError(
        'agent_limit_reached',
        `The licence allows ${String(tenant.maxAgents)} agents; deprovision one or extend the licence.`,
      );
    }
    const now = this.clock.now();
    const made = { id: uuidv7(now), ...newCredentials() };
    const { clientId, secretSha256 } = made;
    await agents.insert({ ...draft, id: made.id, clientId, secretSha256, createdAt: new Date(now) });
    return made;
  }

  async create(person: Person, draft: AgentDraft): Promise<EnrolledAgentResponse> {
    const { tenantId } = person;
    const response = await withTenant(this.database, tenantId, async (manager) => {
      const made = await this.addTo(manager, tenantId, draft);
      await this.#record(manager, person, 'agent.create', made.id, { ...draft });
      return this.welcome(manager, tenantId, made);
    });
    await this.wake.wake(tenantId, 'config');
    return response;
  }

  /** @returns what a new agent needs to begin */
  async welcome(manager: EntityManager, tenantId: string, made: MadeAgent): Promise<EnrolledAgentResponse> {
    const own = this.context.config.publicUrl.replace(/\/+$/, '');
    const proxy =
      this.context.mode === 'standalone'
        ? own
        : await new DataPlaneTokenRepository(manager, tenantId).publicUrl();
    return {
      agent_id: made.id,
      client_id: made.clientId,
      client_secret: made.clientSecret,
      token_url: `${own}/api/v1/auth/token`,
      mcp_url: proxy === null ? null : `${proxy.replace(/\/+$/, '')}/mcp/v1`,
    };
  }

  list(
    tenantId: string,
    page: { limit: number; offset: number },
  ): Promise<{ agents: readonly Agent[]; total: number }> {
    return withTenant(this.database, tenantId, (manager) =>
      new AgentRepository(manager, tenantId).list(page),
    );
  }

  /** @throws ProblemError 404 */
  async get(tenantId: string, id: string): Promise<Agent> {
    return withTenant(this.database, tenantId, (manager) => existing(manager, tenantId, id));
  }

  /** @throws ProblemError 404, or 409 when the agent is not in a state from which the move is possible */
  async move(person: Person, id: string, name: AgentMove): Promise<Agent> {
    const { tenantId } = person;
    const { action, from, to } = MOVES[name];
    const agent = await withTenant(this.database, tenantId, async (manager) => {
      const before = await existing(manager, tenantId, id);
      const isMoved = await new AgentRepository(manager, tenantId).move(
        id,
        from,
        to,
        new Date(this.clock.now()),
      );
      if (!isMoved) throw new ProblemError('state_conflict', `The agent is ${before.status}.`);
      await this.#record(manager, person, action, id, { from: before.status, to });
      return existing(manager, tenantId, id);
    });
    await this.wake.wake(tenantId, 'config');
    return agent;
  }

  /** Gives an agent a new secret; the old one ends at once. @throws ProblemError 404 or 409 */
  async rotateSecret(person: Person, id: string): Promise<EnrolledAgentResponse> {
    const { tenantId } = person;
    const response = await withTenant(this.database, tenantId, async (manager) => {
      const agent = await existing(manager, tenantId, id);
      if (agent.status === 'deprovisioned')
        throw new ProblemError('state_conflict', 'The agent is deprovisioned.');
      const secret = newSecret();
      await new AgentRepository(manager, tenantId).setSecret(
        id,
        secret.secretSha256,
        new Date(this.clock.now()),
      );
      await this.#record(manager, person, 'agent.rotate_secret', id, {});
      return this.welcome(manager, tenantId, { id, clientId: agent.clientId, ...secret });
    });
    await this.wake.wake(tenantId, 'config');
    return response;
  }

  #record(
    manager: EntityManager,
    person: Person,
    action: string,
    target: string,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { tenantId, id: personId, username } = person;
    return this.changes.record(manager, { tenantId, personId, username, action, target, detail });
  }
}

async function existing(manager: EntityManager, tenantId: string, id: string): Promise<Agent> {
  const agent = await new AgentRepository(manager, tenantId).get(id);
  if (!agent) throw new ProblemError('not_found', 'There is no agent with this id.');
  return agent;
}
