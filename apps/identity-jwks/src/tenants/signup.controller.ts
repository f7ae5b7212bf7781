import { randomBytes } from 'node:crypto';
import { Body, Controller, Header, Injectable, Post, Req, UseGuards, type CanActivate } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Clock, ProblemError, Public, ServiceContext, tooManyRequests } from '@behavry/platform';
import { addressGroup } from '../domain/address-group';
import { FailureMemory, SIGNUP_RULE } from '../domain/throttle';
import type { IdentityConfig } from '../identity-jwks.config';
import { SignupRequest } from './tenant.dto';
import { refuseWeak } from '../people/new-password';
import { TenantService } from './tenant.service';

/** Refuses before the body is looked at: where sign-up is off, it is off for everybody. */
@Injectable()
export class SignupGuard implements CanActivate {
  constructor(private readonly context: ServiceContext<IdentityConfig>) {}

  canActivate(): boolean {
    if (this.context.config.isSignupEnabled) return true;
    throw new ProblemError('signup_disabled', 'Sign-up is off here; ask an administrator for a tenant.');
  }
}

/** Trial tenants for strangers, where the operator allows it. */
@Controller('api/v1/signup')
export class SignupController {
  readonly #tries = new FailureMemory(SIGNUP_RULE);

  constructor(
    private readonly tenants: TenantService,
    private readonly clock: Clock,
  ) {}

  @Post()
  @Public()
  @UseGuards(SignupGuard)
  @Header('cache-control', 'no-store')
  async signup(
    @Body() body: SignupRequest,
    @Req() request: FastifyRequest,
  ): Promise<{ id: string; license_key: string; username: string }> {
    const address = addressGroup(request.ip);
    const now = this.clock.now();
    const waitMs = this.#tries.waitMs(address, now);
    if (waitMs > 0) throw tooManyRequests('Too many sign-ups from this address; try again later.', waitMs);
    refuseWeak(body.password, 'password', body);
    this.#tries.fail(address, now);
    const { id, licenseKey, username } = await this.tenants.create({
      name: body.organization,
      slug: slugOf(body.organization),
      planTier: 'trial',
      username: body.username,
      email: body.email,
      password: body.password,
    });
    return { id, license_key: licenseKey, username };
  }
}

/** A readable slug that is never taken: names of organisations repeat. */
function slugOf(organization: string): string {
  const readable = organization
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${readable === '' ? 'tenant' : readable}-${randomBytes(4).toString('hex')}`;
}
