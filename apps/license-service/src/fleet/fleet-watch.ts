import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Counter } from 'prom-client';
import { DataPlaneTokenRepository, listTenants } from '@behavry/db-control';
import { Clock, ServiceContext, withTenant } from '@behavry/platform';
import type { FleetState } from '../domain/fleet-state';
import type { LicenseConfig } from '../license-service.config';
import { dataPlanes } from './fleet.mapper';

const SWEEP_MS = 10_000;

/** Says once, in log and metric, when a data plane's state changes. */
@Injectable()
export class FleetWatch implements OnApplicationBootstrap {
  readonly #states = new Map<string, FleetState>();
  readonly #changes: Counter<'state'>;

  constructor(
    private readonly context: ServiceContext<LicenseConfig>,
    private readonly database: DataSource,
    private readonly clock: Clock,
  ) {
    this.#changes = new Counter({
      name: 'behavry_license_data_plane_state_changes_total',
      help: 'Changes of a data plane into a state.',
      labelNames: ['state'],
      registers: [context.metrics],
    });
  }

  onApplicationBootstrap(): void {
    const timer = setInterval(() => {
      this.sweep().catch((error: unknown) => {
        this.context.log.warn({ err: error }, 'the fleet could not be looked at; the next sweep will');
      });
    }, SWEEP_MS);
    timer.unref();
    this.context.onClose('fleet watch', () => {
      clearInterval(timer);
      return Promise.resolve();
    });
  }

  /** Looks at every data plane of every tenant once. */
  async sweep(): Promise<void> {
    const intervalMs = this.context.config.heartbeatInterval * 1000;
    for (const { id: tenantId } of await listTenants(this.database.manager)) {
      const tokens = await withTenant(this.database, tenantId, (manager) =>
        new DataPlaneTokenRepository(manager, tenantId).list(),
      );
      for (const { deployment_id: deploymentId, state } of dataPlanes(
        tokens,
        null,
        this.clock.now(),
        intervalMs,
      )) {
        const key = `${tenantId} ${deploymentId}`;
        const before = this.#states.get(key);
        this.#states.set(key, state);
        if (before === undefined || before === state) continue;
        this.#changes.inc({ state });
        const facts = {
          event: 'data_plane_state_changed',
          tenant_id: tenantId,
          deployment_id: deploymentId,
          from: before,
          to: state,
        };
        this.context.log[state === 'healthy' ? 'info' : 'warn'](facts, 'a data plane changed its state');
      }
    }
  }
}
