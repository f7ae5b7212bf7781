import { Body, Controller, Get, Headers, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPerson, PageQuery, RequireRole, UuidPipe, type Person } from '@behavry/platform';
import {
  ChangePersonRequest,
  InvitePersonRequest,
  type InvitedPersonResponse,
  type ResetLinkResponse,
  type UserView,
} from './people.dto';
import { PeopleService, personEtag } from './people.service';
import type { PersonRecord } from './person-records';

/** The people of a tenant, for its administrators. */
@Controller('api/v1/admin/users')
@RequireRole('admin')
export class PeopleController {
  constructor(private readonly people: PeopleService) {}

  @Post()
  async invite(
    @CurrentPerson() person: Person,
    @Body() { username, email, role }: InvitePersonRequest,
  ): Promise<InvitedPersonResponse> {
    const { id, link } = await this.people.invite(person, { username, email: email ?? null, role });
    return { id, invite_url: link.url, expires_at: link.expiresAt.toISOString() };
  }

  @Get()
  async list(
    @CurrentPerson() { tenantId }: Person,
    @Query() page: PageQuery,
  ): Promise<{ users: readonly UserView[]; total: number }> {
    const { people, total } = await this.people.list(tenantId, page);
    return { users: people.map(view), total };
  }

  @Get(':id')
  async get(
    @CurrentPerson() { tenantId }: Person,
    @Param('id', UuidPipe) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserView> {
    return answer(reply, await this.people.get(tenantId, id));
  }

  @Patch(':id')
  async change(
    @CurrentPerson() person: Person,
    @Param('id', UuidPipe) id: string,
    @Body() { role, status }: ChangePersonRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserView> {
    // Null says as little as nothing does.
    const change = { ...(role ? { role } : {}), ...(status ? { status } : {}) };
    return answer(reply, await this.people.change(person, id, change, ifMatch));
  }

  @Post(':id/reset-link')
  @HttpCode(200)
  async resetLink(
    @CurrentPerson() person: Person,
    @Param('id', UuidPipe) id: string,
  ): Promise<ResetLinkResponse> {
    const { link } = await this.people.resetLink(person, id);
    return { id, reset_url: link.url, expires_at: link.expiresAt.toISOString() };
  }

  @Post(':id/sign-out')
  @HttpCode(200)
  async signOut(@CurrentPerson() person: Person, @Param('id', UuidPipe) id: string): Promise<{ id: string }> {
    await this.people.signOut(person, id);
    return { id };
  }
}

function answer(reply: FastifyReply, person: PersonRecord): UserView {
  void reply.header('etag', personEtag(person));
  return view(person);
}

function view(person: PersonRecord): UserView {
  return {
    id: person.id,
    username: person.username,
    email: person.email,
    roles: person.roles,
    super_admin: person.superAdmin,
    status: person.status === 'active' && !person.hasPassword ? 'invited' : person.status,
    last_sign_in_at: person.lastSignInAt?.toISOString() ?? null,
    created_at: person.createdAt.toISOString(),
  };
}
