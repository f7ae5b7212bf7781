import type { McpServerEntry } from '@behavry/contracts';
import type { EntityManager } from 'typeorm';
import { McpServerEntity } from './mcp-server.entity';

export interface McpServer extends McpServerEntry {
  /** Counts its changes, from 1; the source of its ETag. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** MCP servers of one tenant. */
export class McpServerRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** Adds a server. Throws the driver's unique violation when the id is taken. */
  async insert(server: McpServerEntry, now: Date): Promise<void> {
    await this.manager.insert(McpServerEntity, {
      ...columns(server),
      tenantId: this.tenantId,
      version: 1,
      createdAt: now,
      updatedAt: now,
    });
  }

  async get(id: string): Promise<McpServer | undefined> {
    const row = await this.manager.findOneBy(McpServerEntity, { id, tenantId: this.tenantId });
    return row ? toServer(row) : undefined;
  }

  /** The server, its row locked until the transaction ends. */
  async lock(id: string): Promise<McpServer | undefined> {
    const row = await this.manager.findOne(McpServerEntity, {
      where: { id, tenantId: this.tenantId },
      lock: { mode: 'pessimistic_write' },
    });
    return row ? toServer(row) : undefined;
  }

  /** One page of servers by id, and how many there are. */
  async list(page: {
    limit: number;
    offset: number;
  }): Promise<{ servers: readonly McpServer[]; total: number }> {
    const [rows, total] = await this.manager.findAndCount(McpServerEntity, {
      where: { tenantId: this.tenantId },
      order: { id: 'ASC' },
      take: page.limit,
      skip: page.offset,
    });
    return { servers: rows.map(toServer), total };
  }

  /** Replaces everything but the id of a server whose row is locked. */
  async replace(server: McpServerEntry, version: number, now: Date): Promise<void> {
    await this.manager.update(
      McpServerEntity,
      { id: server.id, tenantId: this.tenantId },
      { ...columns(server), version, updatedAt: now },
    );
  }

  /** @returns whether there was such a server */
  async delete(id: string): Promise<boolean> {
    const result = await this.manager.delete(McpServerEntity, { id, tenantId: this.tenantId });
    return result.affected === 1;
  }

  /** Every server as the config document carries it, in a fixed order (by id). */
  async entries(): Promise<readonly McpServerEntry[]> {
    const rows = await this.manager.find(McpServerEntity, {
      where: { tenantId: this.tenantId },
      order: { id: 'ASC' },
    });
    return rows.map(toEntry);
  }
}

function columns(
  server: McpServerEntry,
): Omit<McpServerEntity, 'tenantId' | 'version' | 'createdAt' | 'updatedAt'> {
  const { id, name, transport, url, headers, command, args, env, enabled } = server;
  return {
    id,
    name,
    transport,
    url,
    headers: { ...headers },
    command,
    args: [...args],
    env: { ...env },
    enabled,
  };
}

function toEntry(row: McpServerEntity): McpServerEntry {
  const { id, name, transport, url, headers, command, args, env, enabled } = row;
  return {
    id,
    name,
    transport: transport as McpServerEntry['transport'],
    url,
    headers,
    command,
    args,
    env,
    enabled,
  };
}

function toServer(row: McpServerEntity): McpServer {
  const { version, createdAt, updatedAt } = row;
  return { ...toEntry(row), version, createdAt, updatedAt };
}
