import { Body, Controller, Get, Header, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { CurrentPerson, PageQuery, RequireSuperAdmin, type Person, UuidPipe } from '@behavry/platform';
import type { TenantSummary } from '@behavry/db-control';
import { newLicenseKey } from './license-key';
import {
  ChangeTenantRequest,
  CreateTenantRequest,
  type CreatedTenantResponse,
  type TenantView,
} from './tenant.dto';
import { TenantService } from './tenant.service';

/** Tenants, for super-administrators. */
@Controller('api/v1/super-admin/tenants')
@RequireSuperAdmin()
export class SuperAdminController {
  constructor(private readonly tenants: TenantService) {}

  @Post()
  @Header('cache-control', 'no-store')
  async create(
    @CurrentPerson() person: Person,
    @Body() body: CreateTenantRequest,
  ): Promise<CreatedTenantResponse> {
    const made = await this.tenants.create(
      {
        name: body.name,
        slug: body.slug,
        planTier: body.plan_tier,
        username: body.admin.username,
        email: body.admin.email ?? null,
        password: undefined,
      },
      person,
    );
    const { id, licenseKey, username, password } = made;
    return { id, license_key: licenseKey, admin: { username, password } };
  }

  @Get()
  async list(@Query() page: PageQuery): Promise<{ tenants: readonly TenantView[]; total: number }> {
    const { tenants, total } = await this.tenants.list(page);
    return { tenants: tenants.map(view), total };
  }

  @Patch(':id')
  async change(
    @CurrentPerson() person: Person,
    @Param('id', UuidPipe) id: string,
    @Body() body: ChangeTenantRequest,
  ): Promise<TenantView> {
    return view(
      await this.tenants.change(person, id, 'tenant.change', {
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(body.plan_tier === undefined ? {} : { planTier: body.plan_tier }),
        ...(body.max_agents === undefined ? {} : { maxAgents: body.max_agents }),
        ...(body.license_expires_at === undefined
          ? {}
          : { licenseExpiresAt: new Date(body.license_expires_at) }),
      }),
    );
  }

  @Post(':id/suspend')
  @HttpCode(200)
  async suspend(@CurrentPerson() person: Person, @Param('id', UuidPipe) id: string): Promise<TenantView> {
    return view(await this.tenants.change(person, id, 'tenant.suspend', { status: 'suspended' }));
  }

  @Post(':id/resume')
  @HttpCode(200)
  async resume(@CurrentPerson() person: Person, @Param('id', UuidPipe) id: string): Promise<TenantView> {
    return view(await this.tenants.change(person, id, 'tenant.resume', { status: 'active' }));
  }

  /** Gives the tenant a new licence key; the old one ends at once. */
  @Post(':id/license')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async license(
    @CurrentPerson() person: Person,
    @Param('id', UuidPipe) id: string,
  ): Promise<{ id: string; license_key: string }> {
    const { licenseKey } = await this.tenants.change(person, id, 'tenant.license', {
      licenseKey: newLicenseKey(),
    });
    return { id, license_key: licenseKey };
  }
}

function view(tenant: TenantSummary): TenantView {
  return {
    id: tenant.id,
    name: tenant.name,
    slug: tenant.slug,
    plan_tier: tenant.planTier,
    status: tenant.status,
    created_at: tenant.createdAt.toISOString(),
  };
}
