import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody } from '@nestjs/swagger';
import { HeartbeatRequest, type HeartbeatResponse } from '@behavry/contracts';
import {
  Clock,
  CurrentPerson,
  PageQuery,
  ProblemError,
  Public,
  ServiceContext,
  validated,
  type Person,
} from '@behavry/platform';
import type { LicenseConfig } from '../license-service.config';
import { DataPlaneAuth } from '../tokens/data-plane-auth';
import { TokenService } from '../tokens/token.service';
import { DesiredRevision } from './desired-revision';
import { dataPlanes, type DataPlaneView } from './fleet.mapper';
import { HeartbeatService } from './heartbeat.service';

const DEPLOYMENT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Data planes: their heartbeats, and how they are doing. */
@Controller('api/v1/data-planes')
export class FleetController {
  constructor(
    private readonly context: ServiceContext<LicenseConfig>,
    private readonly auth: DataPlaneAuth,
    private readonly heartbeats: HeartbeatService,
    private readonly tokens: TokenService,
    private readonly desired: DesiredRevision,
    private readonly clock: Clock,
  ) {}

  /** The token is looked at first, so that a stranger learns nothing from validation. */
  @Post(':deploymentId/heartbeat')
  @Public()
  @HttpCode(200)
  @ApiBody({ type: HeartbeatRequest })
  async heartbeat(
    @Param('deploymentId') deploymentId: string,
    @Headers('authorization') authorization: string | undefined,
    @Body() body: Record<string, unknown>,
  ): Promise<HeartbeatResponse> {
    const token = await this.auth.byHeader(authorization);
    const heartbeat = validated(HeartbeatRequest, body);
    refuseUnstorable(heartbeat);
    if (heartbeat.deployment_id !== deploymentId) {
      throw new ProblemError('path_body_mismatch', 'deployment_id differs between path and body.', {
        errors: [{ field: 'deployment_id', message: 'must be the deployment id of the path' }],
      });
    }
    return this.heartbeats.take(token, heartbeat);
  }

  @Get()
  async list(
    @CurrentPerson() { tenantId }: Person,
    @Query() { limit, offset }: PageQuery,
  ): Promise<{ data_planes: readonly DataPlaneView[]; total: number }> {
    const all = dataPlanes(
      await this.tokens.list(tenantId),
      await this.desired.of(tenantId),
      this.clock.now(),
      this.context.config.heartbeatInterval * 1000,
    );
    return { data_planes: all.slice(offset, offset + limit), total: all.length };
  }
}

/** @throws ProblemError 422 for texts that no data plane sends and PostgreSQL would refuse */
function refuseUnstorable(heartbeat: HeartbeatRequest): void {
  const errors = Object.entries(heartbeat)
    .filter(([, value]) => typeof value === 'string' && /\p{Cc}/u.test(value))
    .map(([field]) => ({ field, message: `${field} must not hold control characters` }));
  if (!DEPLOYMENT_ID.test(heartbeat.deployment_id)) {
    errors.push({ field: 'deployment_id', message: 'deployment_id may hold letters, digits, dot, _ and -' });
  }
  if (errors.length > 0)
    throw new ProblemError('validation_failed', 'Some fields are not valid.', { errors });
}
