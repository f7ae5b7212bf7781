import type { AgentEntry, AgentStatus } from '@behavry/contracts';
import { Not, type EntityManager } from 'typeorm';
import { AgentEntity } from './agent.entity';

export interface Agent {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  readonly agentType: string;
  readonly owner: string | null;
  readonly status: AgentStatus;
  readonly clientId: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type NewAgent = Omit<Agent, 'tenantId' | 'status' | 'updatedAt'> & { readonly secretSha256: Buffer };

/** What the token route needs to know of a client id, whatever its tenant. */
export interface AgentCredentials {
  readonly id: string;
  readonly tenantId: string;
  readonly status: AgentStatus;
  readonly secretSha256: Buffer;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly tokensNotBefore: Date | null;
  readonly tenantActive: boolean;
}

/** Agents of one tenant. */
export class AgentRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** Adds an active agent. Throws the driver's unique violation when the client id is taken. */
  async insert(agent: NewAgent): Promise<void> {
    await this.manager.insert(AgentEntity, {
      ...agent,
      roles: [...agent.roles],
      permissions: [...agent.permissions],
      tenantId: this.tenantId,
      status: 'active',
      updatedAt: agent.createdAt,
    });
  }

  async get(id: string): Promise<Agent | undefined> {
    const row = await this.manager.findOneBy(AgentEntity, { id, tenantId: this.tenantId });
    return row ? toAgent(row) : undefined;
  }

  /** One page of agents, newest first, and how many there are. */
  async list(page: { limit: number; offset: number }): Promise<{ agents: readonly Agent[]; total: number }> {
    const [rows, total] = await this.manager.findAndCount(AgentEntity, {
      where: { tenantId: this.tenantId },
      order: { createdAt: 'DESC', id: 'DESC' },
      take: page.limit,
      skip: page.offset,
    });
    return { agents: rows.map(toAgent), total };
  }

  /** How many agents count against the licence: all that are not deprovisioned. */
  async countKept(): Promise<number> {
    return this.manager.countBy(AgentEntity, { tenantId: this.tenantId, status: Not('deprovisioned') });
  }

  /**
   * Moves an agent from one of `from` to `to`.
   * @returns whether it was in one of those states; two callers cannot both be told yes for one move
   */
  async move(id: string, from: readonly AgentStatus[], to: AgentStatus, now: Date): Promise<boolean> {
    const result = await this.manager
      .createQueryBuilder()
      .update(AgentEntity)
      .set({ status: to, updatedAt: now })
      .where('id = :id AND tenant_id = :tenantId AND status = ANY(:from)', {
        id,
        tenantId: this.tenantId,
        from: [...from],
      })
      .execute();
    return result.affected === 1;
  }

  async setSecret(id: string, secretSha256: Buffer, now: Date): Promise<void> {
    await this.manager.update(AgentEntity, { id, tenantId: this.tenantId }, { secretSha256, updatedAt: now });
  }

  /** Every agent as the config document carries it, in a fixed order (by id). */
  async entries(): Promise<readonly AgentEntry[]> {
    const rows = await this.manager.find(AgentEntity, {
      where: { tenantId: this.tenantId },
      order: { id: 'ASC' },
    });
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      agent_type: row.agentType,
      owner: row.owner,
      status: row.status as AgentStatus,
      client_id: row.clientId,
      secret_sha256: row.secretSha256.toString('hex'),
      roles: row.roles,
      permissions: row.permissions,
      tokens_not_before: row.tokensNotBefore?.toISOString() ?? null,
    }));
  }
}

interface CredentialsRow {
  id: string;
  tenant_id: string;
  status: AgentStatus;
  secret_sha256: Buffer;
  roles: string[];
  permissions: string[];
  tokens_not_before: Date | null;
  tenant_active: boolean;
}

/** The credentials behind a client id, or undefined. Needs no tenant to be set. */
export async function agentByClientId(
  manager: EntityManager,
  clientId: string,
): Promise<AgentCredentials | undefined> {
  const [row] = await manager.query<CredentialsRow[]>('SELECT * FROM control.agent_by_client_id($1)', [
    clientId,
  ]);
  return row
    ? {
        id: row.id,
        tenantId: row.tenant_id,
        status: row.status,
        secretSha256: row.secret_sha256,
        roles: row.roles,
        permissions: row.permissions,
        tokensNotBefore: row.tokens_not_before,
        tenantActive: row.tenant_active,
      }
    : undefined;
}

function toAgent(row: AgentEntity): Agent {
  return {
    id: row.id,
    tenantId: row.tenantId,
    name: row.name,
    agentType: row.agentType,
    owner: row.owner,
    status: row.status as AgentStatus,
    clientId: row.clientId,
    roles: row.roles,
    permissions: row.permissions,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
