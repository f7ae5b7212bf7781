import type { DataSource } from 'typeorm';
import { agentByClientId } from '@behavry/db-control';
import type { AgentStatus, ConfigDocument } from '@behavry/contracts';
import type { NextConfig, PlaneState } from '@behavry/platform';

/** What is known of a client id. */
export interface KnownAgent {
  readonly id: string;
  readonly tenantId: string;
  readonly status: AgentStatus;
  readonly secretSha256: Buffer;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly tokensNotBefore: Date | null;
}

/** Finds agents by client id: in the database of a control plane, in the config document of a data plane. */
export abstract class AgentDirectory {
  /** Finds an agent, waiting a little for news of one that is not known yet. */
  abstract find(clientId: string): Promise<KnownAgent | undefined>;
  /** Finds an agent among those that are known now. */
  abstract findNow(clientId: string): Promise<KnownAgent | undefined>;
}

/** Agents of every tenant of a control plane. */
export class ControlAgentDirectory extends AgentDirectory {
  constructor(private readonly database: DataSource) {
    super();
  }

  override find(clientId: string): Promise<KnownAgent | undefined> {
    return this.findNow(clientId);
  }

  override async findNow(clientId: string): Promise<KnownAgent | undefined> {
    const agent = await agentByClientId(this.database.manager, clientId);
    if (!agent) return undefined;
    return { ...agent, status: agent.tenantActive ? agent.status : 'suspended' };
  }
}

/**
 * Agents of the one tenant of a data plane. One that the present document does not know makes the plane look
 * for a newer document once, and is waited for up to two seconds (lifecycle: new agents).
 */
export class ConfigAgentDirectory extends AgentDirectory {
  constructor(
    private readonly state: PlaneState,
    private readonly next: NextConfig,
  ) {
    super();
  }

  override async find(clientId: string): Promise<KnownAgent | undefined> {
    const known = this.#known(clientId);
    if (known) return known;
    await this.next.wait(({ agents }) => agents.some((agent) => agent.client_id === clientId));
    return this.#known(clientId);
  }

  override findNow(clientId: string): Promise<KnownAgent | undefined> {
    return Promise.resolve(this.#known(clientId));
  }

  #known(clientId: string): KnownAgent | undefined {
    const config: ConfigDocument | undefined = this.state.get('config')?.value;
    const entry = config?.agents.find(({ client_id }) => client_id === clientId);
    if (!config || !entry) return undefined;
    return {
      id: entry.id,
      tenantId: config.tenant_id,
      status: config.suspended && entry.status === 'active' ? 'suspended' : entry.status,
      secretSha256: Buffer.from(entry.secret_sha256, 'hex'),
      roles: entry.roles,
      permissions: entry.permissions,
      tokensNotBefore: entry.tokens_not_before === null ? null : new Date(entry.tokens_not_before),
    };
  }
}
