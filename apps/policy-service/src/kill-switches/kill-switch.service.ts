import { Injectable } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import type { KillScope } from '@behavry/contracts';
import {
  AgentRepository,
  KillSwitchRepository,
  McpServerRepository,
  type ThrownKillSwitch,
} from '@behavry/db-control';
import {
  BuildWake,
  ChangeLog,
  Clock,
  ProblemError,
  uuidv7,
  withTenant,
  type Person,
} from '@behavry/platform';

/** What a throw did: an emergency may be called out twice. */
export interface ThrowResult {
  readonly thrown: ThrownKillSwitch;
  readonly isNew: boolean;
}

/** Kill switches of a tenant: thrown, listed, released. bundle-server is woken at the commit of each. */
@Injectable()
export class KillSwitchService {
  constructor(
    private readonly database: DataSource,
    private readonly changes: ChangeLog,
    private readonly clock: Clock,
    private readonly wake: BuildWake,
  ) {}

  /**
   * Throws a switch; one of the same scope and target that is thrown already is given back.
   * @throws ProblemError 422 when there is no such agent or server: a mistyped id would stop nothing
   */
  async throw(person: Person, scope: KillScope, wanted: string, reason: string): Promise<ThrowResult> {
    const { tenantId } = person;
    const result = await withTenant(this.database, tenantId, async (manager) => {
      const target = await checkedTarget(manager, tenantId, scope, wanted);
      const switches = new KillSwitchRepository(manager, tenantId);
      const now = this.clock.now();
      const made: ThrownKillSwitch = {
        id: uuidv7(now),
        scope,
        target,
        reason,
        createdBy: person.id,
        createdByName: person.username,
        createdAt: new Date(now),
      };
      if (await switches.insert(made)) {
        await this.#record(manager, person, 'kill_switch.throw', made);
        return { thrown: made, isNew: true };
      }
      return { thrown: (await switches.find(scope, target)) ?? made, isNew: false };
    });
    await this.wake.wake(tenantId, 'config');
    return result;
  }

  list(
    tenantId: string,
    page: { limit: number; offset: number },
  ): Promise<{ switches: readonly ThrownKillSwitch[]; total: number }> {
    return withTenant(this.database, tenantId, (manager) =>
      new KillSwitchRepository(manager, tenantId).list(page),
    );
  }

  /** @throws ProblemError 404 */
  async release(person: Person, id: string): Promise<void> {
    const { tenantId } = person;
    await withTenant(this.database, tenantId, async (manager) => {
      const switches = new KillSwitchRepository(manager, tenantId);
      const thrown = await switches.get(id);
      if (!thrown || !(await switches.delete(id))) {
        throw new ProblemError('not_found', 'There is no kill switch with this id.');
      }
      await this.#record(manager, person, 'kill_switch.release', thrown);
    });
    await this.wake.wake(tenantId, 'config');
  }

  #record(manager: EntityManager, person: Person, action: string, thrown: ThrownKillSwitch): Promise<void> {
    const { tenantId, id: personId, username } = person;
    const { id: target, scope, target: stopped, reason } = thrown;
    return this.changes.record(manager, {
      tenantId,
      personId,
      username,
      action,
      target,
      detail: { scope, target: stopped, reason },
    });
  }
}

async function checkedTarget(
  manager: EntityManager,
  tenantId: string,
  scope: KillScope,
  target: string,
): Promise<string> {
  switch (scope) {
    case 'tenant':
      if (target.toLowerCase() !== tenantId) throw unknownTarget("must be the id of the caller's own tenant");
      return tenantId;
    case 'agent': {
      const id = target.toLowerCase();
      const agent = isUUID(id) ? await new AgentRepository(manager, tenantId).get(id) : undefined;
      if (!agent) throw unknownTarget('is the id of no agent');
      return id;
    }
    case 'mcp_server':
      if (!(await new McpServerRepository(manager, tenantId).get(target)))
        throw unknownTarget('is the id of no MCP server');
      return target;
    case 'tool':
    case 'model':
      return target;
  }
}

function unknownTarget(message: string): ProblemError {
  return new ProblemError('validation_failed', `The target ${message}.`, {
    errors: [{ field: 'target', message }],
  });
}
