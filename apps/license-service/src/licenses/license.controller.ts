import { Body, Controller, Get, Header, HttpCode, Post } from '@nestjs/common';
import { ApiBody } from '@nestjs/swagger';
import { LicenseValidateRequest, type LicenseState, type LicenseValidateResponse } from '@behavry/contracts';
import { CurrentPerson, Public, RequireRole, validated, type Person } from '@behavry/platform';
import { DataPlaneAuth } from '../tokens/data-plane-auth';
import { LicenseService } from './license.service';

interface LicenseView {
  readonly license_key: string;
  readonly plan_tier: string;
  readonly expires_at: string | null;
  readonly max_agents: number;
  readonly features: readonly string[];
}

/** Licences on a control plane. */
@Controller('api/v1')
export class LicenseController {
  constructor(
    private readonly licenses: LicenseService,
    private readonly auth: DataPlaneAuth,
  ) {}

  @Get('admin/license')
  @RequireRole('admin')
  @Header('cache-control', 'no-store')
  async license(@CurrentPerson() { tenantId }: Person): Promise<LicenseView> {
    const tenant = await this.licenses.tenant(tenantId);
    return {
      license_key: tenant.licenseKey,
      plan_tier: tenant.planTier,
      expires_at: tenant.licenseExpiresAt?.toISOString() ?? null,
      max_agents: tenant.maxAgents,
      features: tenant.features,
    };
  }

  @Get('licenses/status')
  status(@CurrentPerson() { tenantId }: Person): Promise<LicenseState> {
    return this.licenses.status(tenantId);
  }

  /** Data planes call this with their token in the body; members of newer planes are accepted and ignored. */
  @Post('licenses/validate')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiBody({ type: LicenseValidateRequest })
  async validate(@Body() body: Record<string, unknown>): Promise<LicenseValidateResponse> {
    const request = validated(LicenseValidateRequest, body);
    const { tenantId } = await this.auth.byToken(request.data_plane_token);
    return this.licenses.validate(tenantId, request);
  }
}
