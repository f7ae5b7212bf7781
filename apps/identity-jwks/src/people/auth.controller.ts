import { Body, Controller, Get, Header, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  CurrentPerson,
  ProblemError,
  Public,
  SessionCookie,
  tooManyRequests,
  type Person,
} from '@behavry/platform';
import { LoginRequest, type LoginResponse, type MeResponse } from './auth.dto';
import { SignInService } from './sign-in.service';

/** Sign-in of people. */
@Controller('api/v1/auth')
export class AuthController {
  constructor(
    private readonly signIns: SignInService,
    private readonly cookie: SessionCookie,
  ) {}

  @Post('admin/login')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async login(
    @Body() { username, password, session }: LoginRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LoginResponse> {
    // Another page must not sign a browser in as somebody else.
    if (session) this.cookie.refuseForeign(request, { mayBeUntold: true });
    const result = await this.signIns.signIn(username, password, {
      kind: session ?? 'bearer',
      address: request.ip,
      userAgent: request.headers['user-agent'],
    });
    switch (result.state) {
      case 'signed_in': {
        const { person, signed } = result;
        const view = { expires_in: signed.expiresIn, username: person.username, roles: person.roles };
        if (!session) return { access_token: signed.token, token_type: 'Bearer', ...view };
        void reply.header('set-cookie', this.cookie.set(request, signed.token, signed.expiresIn));
        return view;
      }
      case 'invalid':
        throw new ProblemError('invalid_credentials', 'The username or the password is not right.');
      case 'throttled':
        throw tooManyRequests('Too many failed sign-ins; wait before the next try.', result.waitMs);
    }
  }

  @Get('me')
  me(@CurrentPerson() person: Person): MeResponse {
    return {
      username: person.username,
      roles: person.roles,
      tenant_id: person.tenantId,
      super_admin: person.isSuperAdmin,
    };
  }
}
