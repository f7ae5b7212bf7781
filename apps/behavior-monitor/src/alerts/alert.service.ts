import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AlertRepository, type Alert } from '@behavry/db-data';
import { ChangeLog, Clock, ProblemError, withTenant, type Person } from '@behavry/platform';
import type { AlertQuery } from './alert.dto';

/** Alerts and what people do about them. */
@Injectable()
export class AlertService {
  constructor(
    private readonly database: DataSource,
    private readonly changes: ChangeLog,
    private readonly clock: Clock,
  ) {}

  list(
    tenantId: string,
    query: AlertQuery,
  ): Promise<{ readonly alerts: readonly Alert[]; readonly total: number }> {
    const filter = {
      ...(query.status === undefined ? {} : { status: query.status }),
      ...(query.agent_id === undefined ? {} : { agentId: query.agent_id }),
    };
    return withTenant(this.database, tenantId, (manager) =>
      new AlertRepository(manager, tenantId).list(filter, query),
    );
  }

  /**
   * Moves an alert on, and records who did.
   * @throws ProblemError 404, or 409 when it is past that state
   */
  move(person: Person, id: string, move: 'acknowledge' | 'resolve'): Promise<Alert> {
    const { tenantId, username } = person;
    return withTenant(this.database, tenantId, async (manager) => {
      const alerts = new AlertRepository(manager, tenantId);
      const moved = await alerts[move](id, username, new Date(this.clock.now()));
      if (!moved) {
        const present = await alerts.byId(id);
        if (!present) throw new ProblemError('not_found', 'There is no alert with this id.');
        throw new ProblemError('state_conflict', `This alert is ${present.status} already.`);
      }
      await this.changes.record(manager, {
        tenantId,
        personId: person.id,
        username,
        action: `alert.${move}`,
        target: id,
        detail: { agent_id: moved.agentId, kind: moved.kind },
      });
      return moved;
    });
  }
}
