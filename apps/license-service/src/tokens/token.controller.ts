import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post } from '@nestjs/common';
import { Clock, CurrentPerson, ServiceContext, type Person, UuidPipe } from '@behavry/platform';
import type { LicenseConfig } from '../license-service.config';
import { IssueTokenRequest, RotateTokenRequest, type IssuedTokenResponse, type TokenView } from './token.dto';
import { issuedToken, tokenView } from './token.mapper';
import { TokenService } from './token.service';

/** Data-plane tokens (contract: data plane token management). */
@Controller('api/v1/admin/data-plane-tokens')
export class TokenController {
  constructor(
    private readonly context: ServiceContext<LicenseConfig>,
    private readonly tokens: TokenService,
    private readonly clock: Clock,
  ) {}

  @Post()
  @Header('cache-control', 'no-store')
  async issue(
    @CurrentPerson() person: Person,
    @Body() body: IssueTokenRequest,
  ): Promise<IssuedTokenResponse> {
    const { token, plain } = await this.tokens.issue(
      person,
      body.label,
      body.region ?? null,
      body.expires_days,
    );
    return issuedToken(token, plain);
  }

  @Get()
  async list(
    @CurrentPerson() { tenantId }: Person,
  ): Promise<{ tokens: readonly TokenView[]; total: number }> {
    const tokens = await this.tokens.list(tenantId);
    const intervalMs = this.context.config.heartbeatInterval * 1000;
    return {
      tokens: tokens.map((token) => tokenView(token, this.clock.now(), intervalMs)),
      total: tokens.length,
    };
  }

  @Delete(':id')
  @HttpCode(204)
  revoke(@CurrentPerson() person: Person, @Param('id', UuidPipe) id: string): Promise<void> {
    return this.tokens.revoke(person, id);
  }

  @Post(':id/rotate')
  @Header('cache-control', 'no-store')
  async rotate(
    @CurrentPerson() person: Person,
    @Param('id', UuidPipe) id: string,
    @Body() body: RotateTokenRequest,
  ): Promise<IssuedTokenResponse> {
    const { token, plain } = await this.tokens.rotate(person, id, body.overlap_seconds);
    return issuedToken(token, plain);
  }
}
