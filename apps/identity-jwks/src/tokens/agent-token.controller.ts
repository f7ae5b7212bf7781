import { Body, Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { PlaneState, ProblemError, Public, tooManyRequests } from '@behavry/platform';
import { AgentTokenRequest, type AgentTokenResponse } from './agent-token.dto';
import { AgentTokenService } from './agent-token.service';

/** Where agents trade their client credentials for a token. */
@Controller('api/v1/auth')
export class AgentTokenController {
  constructor(
    private readonly tokens: AgentTokenService,
    private readonly state: PlaneState,
  ) {}

  @Post('token')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async token(@Body() body: AgentTokenRequest, @Req() request: FastifyRequest): Promise<AgentTokenResponse> {
    const result = await this.tokens.issue(body.client_id, body.client_secret, request.ip);
    switch (result.state) {
      case 'issued':
        return {
          access_token: result.signed.token,
          token_type: 'Bearer',
          expires_in: result.signed.expiresIn,
          agent_id: result.agentId,
          risk_tier: this.state.get('risk')?.value.agents[result.agentId]?.tier ?? 'low',
        };
      case 'suspended':
        throw new ProblemError(
          'agent_suspended',
          'This agent or its tenant is suspended; an administrator can reactivate it.',
        );
      case 'invalid':
        throw new ProblemError('invalid_credentials', 'The client id or the client secret is not right.');
      case 'throttled':
        throw tooManyRequests('Too many wrong credentials; wait before the next try.', result.waitMs);
    }
  }
}
