import { Controller, Get, Query } from '@nestjs/common';
import { ChangeLog, CurrentPerson, PageQuery, RequireRole, type Person } from '@behavry/platform';

interface ChangeView {
  readonly id: string;
  readonly ts: string;
  readonly person_id: string;
  readonly username: string;
  readonly action: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What the people of a tenant changed. */
@Controller('api/v1/admin/changes')
export class ChangeController {
  constructor(private readonly changes: ChangeLog) {}

  @Get()
  @RequireRole('admin')
  async list(
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
