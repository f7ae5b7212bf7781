import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { HeartbeatRequest, HeartbeatResponse } from '@behavry/contracts';
import { DataPlaneTokenRepository, type HeartbeatSnapshot, type PresentedToken } from '@behavry/db-control';
import { Clock, isoTime, ProblemError, ServiceContext, SigningKeys, withTenant } from '@behavry/platform';
import { DesiredRevision } from './desired-revision';

/** Largest figure that a PostgreSQL integer holds. */
const MAX_INTEGER = 2 ** 31 - 1;

/** Takes heartbeats: binds a token to its first deployment and keeps the latest figures. */
@Injectable()
export class HeartbeatService {
  constructor(
    private readonly context: ServiceContext,
    private readonly database: DataSource,
    private readonly keys: SigningKeys,
    private readonly desired: DesiredRevision,
    private readonly clock: Clock,
  ) {}

  /** @throws ProblemError 409 when the token is bound to another deployment */
  async take({ id, tenantId }: PresentedToken, body: HeartbeatRequest): Promise<HeartbeatResponse> {
    const now = this.clock.now();
    await withTenant(this.database, tenantId, async (manager) => {
      const tokens = new DataPlaneTokenRepository(manager, tenantId);
      const bound = await tokens.bind(id, body.deployment_id);
      if (bound !== body.deployment_id) {
        this.context.log.error(
          { event: 'deployment_mismatch', token_id: id },
          'a token was shown by another deployment',
        );
        throw new ProblemError(
          'deployment_mismatch',
          `This token belongs to the deployment ${String(bound)}.`,
        );
      }
      await tokens.recordHeartbeat(id, snapshot(body), new Date(now));
    });
    return {
      server_time: isoTime(now),
      desired_revision: await this.desired.of(tenantId),
      update_available: false,
      bundle_keys: await this.keys.publicKeys('bundle'),
    };
  }
}

function snapshot(body: HeartbeatRequest): HeartbeatSnapshot {
  return {
    activeAgentCount: Math.min(body.active_agent_count, MAX_INTEGER),
    proxyRpm1m: body.proxy_rpm_1m,
    escalationsPending: Math.min(body.escalations_pending, MAX_INTEGER),
    opaBundleVersion: body.opa_bundle_version === '' ? null : body.opa_bundle_version,
    uptimeSeconds: body.uptime_seconds,
    version: body.version ?? null,
    configRevision: body.config_revision ?? null,
    licenseState: body.license_state ?? null,
    publicUrl: body.public_url ?? null,
  };
}
