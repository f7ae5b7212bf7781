import { Agent, request } from 'undici';
import type { DataSource } from 'typeorm';
import { pendingFigures, trafficFigures } from '@behavry/db-data';
import { withTenant, type ServiceContext } from '@behavry/platform';
import type { LicenseConfig } from '../license-service.config';

/** What a heartbeat says of this plane. */
export interface PlaneFigures {
  readonly activeAgents: number;
  readonly callsPerMinute: number;
  readonly escalationsPending: number;
}

const ACTIVE_MS = 300_000;
const MINUTE_MS = 60_000;
const OPA_MS = 2_000;

/** Reads the figures of heartbeats: counts and revisions, never a payload. */
export class FiguresSource {
  readonly #opa: Agent;
  #last: PlaneFigures = { activeAgents: 0, callsPerMinute: 0, escalationsPending: 0 };

  constructor(
    private readonly context: ServiceContext<LicenseConfig>,
    private readonly database: DataSource,
    private readonly tenantId: string,
  ) {
    const { opaSocket } = context.config;
    this.#opa = new Agent({
      connect: { timeout: OPA_MS, ...(opaSocket === undefined ? {} : { socketPath: opaSocket }) },
      connections: 1,
    });
    context.onClose('opa connection', () => this.#opa.destroy());
  }

  /** @returns the figures of now, or the last ones while the database cannot be read */
  async read(): Promise<PlaneFigures> {
    try {
      this.#last = await this.#count();
    } catch (error) {
      this.context.log.warn(
        { err: error },
        'the figures of the heartbeat could not be read; the last ones are sent',
      );
    }
    return this.#last;
  }

  async #count(): Promise<PlaneFigures> {
    const now = this.context.clock.now();
    return withTenant(this.database, this.tenantId, async (manager) => {
      const lately = await trafficFigures(manager, this.tenantId, now - ACTIVE_MS, now);
      const minute = await trafficFigures(manager, this.tenantId, now - MINUTE_MS, now);
      return {
        activeAgents: lately.activeAgents,
        callsPerMinute: minute.callsPerMinute,
        escalationsPending: (await pendingFigures(manager, this.tenantId)).count,
      };
    });
  }

  /** @returns the revision of the bundle that OPA runs; empty while it runs none or does not answer */
  async revision(): Promise<string> {
    const { opaSocket, opaUrl, opaToken } = this.context.config;
    if (opaSocket === undefined && opaUrl === undefined) return '';
    try {
      const base = opaSocket === undefined ? (opaUrl ?? '').replace(/\/+$/, '') : 'http://opa';
      const { statusCode, body } = await request(`${base}/v1/data/behavry/authz/revision`, {
        dispatcher: this.#opa,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(opaToken === undefined ? {} : { authorization: `Bearer ${opaToken}` }),
        },
        body: '{"input":{}}',
        headersTimeout: OPA_MS,
        bodyTimeout: OPA_MS,
      });
      const answer = (await body.json()) as { result?: unknown };
      return statusCode === 200 && typeof answer.result === 'string' ? answer.result.slice(0, 64) : '';
    } catch {
      return '';
    }
  }
}
