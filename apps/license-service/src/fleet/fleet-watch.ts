import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Counter, Gauge } from 'prom-client';
import { DataPlaneTokenRepository, listTenants } from '@behavry/db-control';
import { Clock, ServiceContext, withTenant } from '@behavry/platform';
import type { FleetState } from '../domain/fleet-state';
import type { LicenseConfig } from '../license-service.config';
import { DesiredRevision } from './desired-revision';
import { dataPlanes } from './fleet.mapper';

const SWEEP_MS = 10_000;
const STATES: readonly FleetState[] = ['healthy', 'late', 'stale', 'offline'];

/** Counts data planes by state, and says once, in log and metric, when one changes. */
@Injectable()
export class FleetWatch implements OnApplicationBootstrap {
  readonly #states = new Map<string, FleetState>();
  readonly #changes: Counter<'state'>;
  readonly #planes: Gauge<'state'>;
  readonly #behind: Gauge;

  constructor(
    private readonly context: ServiceContext<LicenseConfig>,
    private readonly database: DataSource,
    private readonly clock: Clock,
    private readonly desired: DesiredRevision,
  ) {
    const registers = [context.metrics];
    this.#changes = new Counter({
      name: 'behavry_fleet_state_changes_total',
      help: 'Changes of a data plane into a state.',
      labelNames: ['state'],
      registers,
    });
    this.#planes = new Gauge({
      name: 'behavry_fleet_data_planes',
      help: 'Data planes whose token is not revoked, by state; every replica shows the same.',
      labelNames: ['state'],
      registers,
    });
    this.#behind = new Gauge({
      name: 'behavry_fleet_data_planes_behind',
      help: 'Data planes that are heard and run another policy revision than the newest one.',
      registers,
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
    const counts = new Map<FleetState, number>(STATES.map((state) => [state, 0]));
    let behind = 0;
    for (const { id: tenantId } of await listTenants(this.database.manager)) {
      const tokens = await withTenant(this.database, tenantId, (manager) =>
        new DataPlaneTokenRepository(manager, tenantId).list(),
      );
      const desired = await this.desired.of(tenantId);
      for (const {
        deployment_id: deploymentId,
        state,
        in_sync: isInSync,
        is_token_revoked: isRevoked,
      } of dataPlanes(tokens, desired, this.clock.now(), intervalMs)) {
        if (!isRevoked) counts.set(state, (counts.get(state) ?? 0) + 1);
        if (!isRevoked && !isInSync && state === 'healthy') behind += 1;
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
    for (const [state, count] of counts) this.#planes.set({ state }, count);
    this.#behind.set(behind);
  }
}
