import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { McpServerEntry } from '@behavry/contracts';
import { McpServerRepository, type McpServer } from '@behavry/db-control';
import {
  BuildWake,
  ChangeLog,
  checkIfMatch,
  Clock,
  etagOf,
  ProblemError,
  withTenant,
  type Person,
  uniqueViolation,
} from '@behavry/platform';
import { serverFaults } from '../domain/server-faults';

/** The tenant's registry of MCP servers. */
@Injectable()
export class McpServerService {
  constructor(
    private readonly database: DataSource,
    private readonly changes: ChangeLog,
    private readonly clock: Clock,
    private readonly wake: BuildWake,
  ) {}

  /** @throws ProblemError 409 when the id is taken, 422 */
  async create(person: Person, server: McpServerEntry): Promise<McpServer> {
    checkServer(server);
    const { tenantId } = person;
    try {
      return await this.#change(tenantId, async (manager) => {
        await new McpServerRepository(manager, tenantId).insert(server, this.#now());
        await this.#record(manager, person, 'mcp_server.create', server);
        return existing(manager, tenantId, server.id);
      });
    } catch (error) {
      if (uniqueViolation(error) !== 'mcp_servers_pkey') throw error;
      throw new ProblemError('conflict', `There is an MCP server ${server.id} already.`);
    }
  }

  list(
    tenantId: string,
    page: { limit: number; offset: number },
  ): Promise<{ servers: readonly McpServer[]; total: number }> {
    return withTenant(this.database, tenantId, (manager) =>
      new McpServerRepository(manager, tenantId).list(page),
    );
  }

  /** @throws ProblemError 404 */
  get(tenantId: string, id: string): Promise<McpServer> {
    return withTenant(this.database, tenantId, (manager) => existing(manager, tenantId, id));
  }

  /** @throws ProblemError 404, 412, 422 */
  async replace(person: Person, server: McpServerEntry, ifMatch: string | undefined): Promise<McpServer> {
    checkServer(server);
    const { tenantId } = person;
    return this.#change(tenantId, async (manager) => {
      const servers = new McpServerRepository(manager, tenantId);
      const before = await servers.lock(server.id);
      if (!before) throw unknownServer();
      checkIfMatch(ifMatch, etagOf(before.version));
      await servers.replace(server, before.version + 1, this.#now());
      await this.#record(manager, person, 'mcp_server.replace', server);
      return existing(manager, tenantId, server.id);
    });
  }

  /** @throws ProblemError 404, 412 */
  async delete(person: Person, id: string, ifMatch: string | undefined): Promise<void> {
    const { tenantId } = person;
    await this.#change(tenantId, async (manager) => {
      const servers = new McpServerRepository(manager, tenantId);
      const before = await servers.lock(id);
      if (!before) throw unknownServer();
      checkIfMatch(ifMatch, etagOf(before.version));
      await servers.delete(id);
      await this.#record(manager, person, 'mcp_server.delete', before);
    });
  }

  /** One transaction that changes the registry; bundle-server is woken at its commit. */
  async #change<T>(tenantId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const result = await withTenant(this.database, tenantId, work);
    await this.wake.wake(tenantId, 'config');
    return result;
  }

  #now(): Date {
    return new Date(this.clock.now());
  }

  #record(manager: EntityManager, person: Person, action: string, server: McpServerEntry): Promise<void> {
    const { tenantId, id: personId, username } = person;
    const { id: target, name, transport, url, headers, command, args, env, enabled } = server;
    const detail = { name, transport, url, headers, command, args, env, enabled };
    return this.changes.record(manager, { tenantId, personId, username, action, target, detail });
  }
}

function checkServer(server: McpServerEntry): void {
  const errors = serverFaults(server);
  if (errors.length > 0) {
    throw new ProblemError('validation_failed', `${String(errors.length)} field(s) are not valid.`, {
      errors,
    });
  }
}

async function existing(manager: EntityManager, tenantId: string, id: string): Promise<McpServer> {
  const server = await new McpServerRepository(manager, tenantId).get(id);
  if (!server) throw unknownServer();
  return server;
}

function unknownServer(): ProblemError {
  return new ProblemError('not_found', 'There is no MCP server with this id.');
}
