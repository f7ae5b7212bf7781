import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  Clock,
  CurrentPerson,
  OwnAccess,
  PageQuery,
  SessionCookie,
  UuidPipe,
  type Person,
} from '@behavry/platform';
import {
  ChangePasswordRequest,
  CreateApiKeyRequest,
  type ApiKeyView,
  type ChangedPasswordResponse,
  type CreatedApiKeyResponse,
  type RenewedSessionResponse,
  type SessionView,
} from './access.dto';
import type { ApiKeyRecord } from './api-key-records';
import { ApiKeysService } from './api-keys.service';
import { OwnPasswordService } from './own-password.service';
import type { SessionRecord } from './session-records';
import { SessionsService } from './sessions.service';

/** A person's own ways in: password, sessions, keys. For whoever is signed in, and for no API key. */
@Controller('api/v1/auth')
@OwnAccess()
export class AccessController {
  constructor(
    private readonly passwords: OwnPasswordService,
    private readonly sessions: SessionsService,
    private readonly keys: ApiKeysService,
    private readonly cookie: SessionCookie,
    private readonly clock: Clock,
  ) {}

  @Post('password')
  @HttpCode(200)
  async changePassword(
    @CurrentPerson() person: Person,
    @Body() body: ChangePasswordRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChangedPasswordResponse> {
    const isPage = person.by.kind === 'session' && person.by.isCookie;
    const { sessionsEnded, apiKeys, signed } = await this.passwords.change(
      person,
      { current: body.current, next: body.new },
      { kind: isPage ? 'cookie' : 'bearer', address: request.ip, userAgent: request.headers['user-agent'] },
    );
    if (signed) void reply.header('set-cookie', this.cookie.set(request, signed.token, signed.expiresIn));
    return { sessions_ended: sessionsEnded, api_keys: apiKeys };
  }

  @Get('sessions')
  async listSessions(
    @CurrentPerson() person: Person,
    @Query() page: PageQuery,
  ): Promise<{ sessions: readonly SessionView[]; total: number }> {
    const all = await this.sessions.list(person);
    return { sessions: pageOf(all, page).map((one) => sessionView(one, person.by.id)), total: all.length };
  }

  @Delete('sessions/:id')
  @HttpCode(204)
  async endSession(@CurrentPerson() person: Person, @Param('id', UuidPipe) id: string): Promise<void> {
    await this.sessions.end(person, id);
  }

  /** Ends the session of this request. */
  @Post('logout')
  @HttpCode(200)
  async logout(
    @CurrentPerson() person: Person,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ session_id: string }> {
    await this.sessions.endOwn(person);
    if (person.by.kind === 'session' && person.by.isCookie)
      void reply.header('set-cookie', this.cookie.clear(request));
    return { session_id: person.by.id };
  }

  /** Lets the session of a page go on, up to twelve hours after its beginning. */
  @Post('session/renew')
  @HttpCode(200)
  async renewSession(
    @CurrentPerson() person: Person,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RenewedSessionResponse> {
    const { signed, expiresAt } = await this.sessions.renew(person);
    if (signed) void reply.header('set-cookie', this.cookie.set(request, signed.token, signed.expiresIn));
    const left = expiresAt.getTime() - this.clock.now();
    return { expires_in: Math.max(Math.floor(left / 1000), 0), expires_at: expiresAt.toISOString() };
  }

  @Post('api-keys')
  async createKey(
    @CurrentPerson() person: Person,
    @Body() { label, role, expires_days: expiresDays }: CreateApiKeyRequest,
  ): Promise<CreatedApiKeyResponse> {
    const { text, ...key } = await this.keys.create(person, { label, role, expiresDays });
    return { ...keyView(key), key: text };
  }

  @Get('api-keys')
  async listKeys(
    @CurrentPerson() person: Person,
    @Query() page: PageQuery,
  ): Promise<{ api_keys: readonly ApiKeyView[]; total: number }> {
    const all = await this.keys.list(person);
    return { api_keys: pageOf(all, page).map(keyView), total: all.length };
  }

  @Delete('api-keys/:id')
  @HttpCode(204)
  deleteKey(@CurrentPerson() person: Person, @Param('id', UuidPipe) id: string): Promise<void> {
    return this.keys.delete(person, id);
  }
}

/** Of lists that are short by their own bounds. */
function pageOf<T>(all: readonly T[], { limit, offset }: PageQuery): readonly T[] {
  return all.slice(offset, offset + limit);
}

function sessionView(session: SessionRecord, current: string): SessionView {
  return {
    id: session.id,
    kind: session.kind,
    address: session.address,
    user_agent: session.userAgent,
    created_at: session.createdAt.toISOString(),
    last_used_at: session.lastUsedAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    current: session.id === current,
  };
}

function keyView({ id, label, role, createdAt, expiresAt }: ApiKeyRecord): ApiKeyView {
  return { id, label, role, created_at: createdAt.toISOString(), expires_at: expiresAt.toISOString() };
}
