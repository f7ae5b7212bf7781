import { Body, Controller, Get, Headers, Put, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { BlastRadiusSettings, RateLimitSettings } from '@behavry/contracts';
import type { TenantSettings } from '@behavry/db-control';
import { CurrentPerson, etagOf, RequireRole, type Person } from '@behavry/platform';
import { BlastRadiusRequest, RateLimitsRequest } from './settings.dto';
import { SettingsService } from './settings.service';

/** Bounds that a tenant sets for its agents (surface: blast-radius; rate-limits). */
@Controller('api/v1')
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Get('blast-radius')
  async blastRadius(
    @CurrentPerson() { tenantId }: Person,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BlastRadiusSettings> {
    return tagged(reply, await this.settings.get(tenantId)).blastRadius;
  }

  @Put('blast-radius')
  @RequireRole('policy_author')
  async changeBlastRadius(
    @CurrentPerson() person: Person,
    @Body() body: BlastRadiusRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BlastRadiusSettings> {
    const change = given<BlastRadiusSettings>(body);
    return tagged(reply, await this.settings.change(person, 'blastRadius', change, ifMatch)).blastRadius;
  }

  @Get('rate-limits')
  async rateLimits(
    @CurrentPerson() { tenantId }: Person,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RateLimitSettings> {
    return tagged(reply, await this.settings.get(tenantId)).rateLimits;
  }

  @Put('rate-limits')
  @RequireRole('policy_author')
  async changeRateLimits(
    @CurrentPerson() person: Person,
    @Body() body: RateLimitsRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RateLimitSettings> {
    const change = given<RateLimitSettings>(body);
    return tagged(reply, await this.settings.change(person, 'rateLimits', change, ifMatch)).rateLimits;
  }
}

function tagged(reply: FastifyReply, settings: TenantSettings): TenantSettings {
  reply.header('etag', etagOf(settings.version));
  return settings;
}

/** The members that were sent. */
function given<T>(body: { readonly [K in keyof T]?: T[K] | undefined } | null | undefined): Partial<T> {
  return Object.fromEntries(
    Object.entries(body ?? {}).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
