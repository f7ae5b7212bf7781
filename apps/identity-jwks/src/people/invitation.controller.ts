import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Public } from '@behavry/platform';
import { InvitationService } from './invitation.service';
import { AcceptLinkRequest } from './people.dto';

/** Where a link of an invitation or of a reset leads. */
@Controller('api/v1/auth/invitations')
export class InvitationController {
  constructor(private readonly invitations: InvitationService) {}

  @Post('accept')
  @Public()
  @HttpCode(200)
  async accept(
    @Body() { token, password }: AcceptLinkRequest,
    @Req() { ip }: FastifyRequest,
  ): Promise<{ username: string }> {
    return { username: await this.invitations.accept(token, password, ip) };
  }
}
