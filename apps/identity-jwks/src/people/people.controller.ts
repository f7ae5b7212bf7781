import { Controller, Get, Query } from '@nestjs/common';
import { ChangeLog, CurrentPerson, PageQuery, RequireRole, type Person } from '@behavry/platform';
import { PeopleStore } from './people-store';

interface UserView {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly roles: readonly string[];
  readonly super_admin: boolean;
  readonly status: string;
  readonly last_sign_in_at: string | null;
  readonly created_at: string;
}

interface ChangeView {
  readonly id: string;
  readonly ts: string;
  readonly person_id: string;
  readonly username: string;
  readonly action: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The people of a tenant and what they changed. */
@Controller('api/v1/admin')
export class PeopleController {
  constructor(
    private readonly people: PeopleStore,
    private readonly changes: ChangeLog,
  ) {}

  @Get('users')
  @RequireRole('admin')
  async users(
    @CurrentPerson() { tenantId }: Person,
    @Query() page: PageQuery,
  ): Promise<{ users: readonly UserView[]; total: number }> {
    const { people, total } = await this.people.list(tenantId, page);
    const users = people.map((person) => ({
      id: person.id,
      username: person.username,
      email: person.email,
      roles: person.roles,
      super_admin: person.superAdmin,
      status: person.status,
      last_sign_in_at: person.lastSignInAt?.toISOString() ?? null,
      created_at: person.createdAt.toISOString(),
    }));
    return { users, total };
  }

  @Get('changes')
  @RequireRole('admin')
  async listChanges(
    @CurrentPerson() { tenantId }: Person,
    @Query() page: PageQuery,
  ): Promise<{ changes: readonly ChangeView[]; total: number }> {
    const { changes, total } = await this.changes.list(tenantId, page);
    return {
      changes: changes.map(({ id, ts, personId, username, action, target, detail }) => ({
        id,
        ts,
        person_id: personId,
        username,
        action,
        target,
        detail,
      })),
      total,
    };
  }
}
