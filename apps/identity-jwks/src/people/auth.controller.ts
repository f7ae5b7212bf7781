import { Body, Controller, Get, Header, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CurrentPerson, ProblemError, Public, tooManyRequests, type Person } from '@behavry/platform';
import { LoginRequest, type LoginResponse, type MeResponse } from './auth.dto';
import { SignInService } from './sign-in.service';

/** Sign-in of people. */
@Controller('api/v1/auth')
export class AuthController {
  constructor(private readonly signIns: SignInService) {}

  @Post('admin/login')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async login(@Body() body: LoginRequest, @Req() request: FastifyRequest): Promise<LoginResponse> {
    const result = await this.signIns.signIn(body.username, body.password, request.ip);
    switch (result.state) {
      case 'signed_in':
        return {
          access_token: result.signed.token,
          token_type: 'Bearer',
          expires_in: result.signed.expiresIn,
          username: result.person.username,
          roles: result.person.roles,
        };
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
