import { Controller, Get, Query } from '@nestjs/common';
import { modelUsage } from '@behavry/db-data';
import { Clock, CurrentPerson, ProblemError, withTenant, type Person } from '@behavry/platform';
import { DataSource } from 'typeorm';
import { HeavyReads } from '../events/heavy-reads';
import { rangeOf, usageLine, UsageQuery, type UsageLine } from './usage.dto';

interface UsagePage {
  readonly usage: readonly UsageLine[];
  readonly total: number;
  readonly from: string;
  readonly to: string;
}

/** What was used of models on this plane, summed over its audit log. */
@Controller('api/v1/usage')
export class UsageController {
  readonly #turns = new HeavyReads(2);

  constructor(
    private readonly source: DataSource,
    private readonly clock: Clock,
  ) {}

  @Get()
  async list(@CurrentPerson() { tenantId }: Person, @Query() query: UsageQuery): Promise<UsagePage> {
    const range = rangeOf(query, this.clock.now());
    const leave = this.#turns.enter();
    try {
      const { usage, total } = await withTenant(this.source, tenantId, (manager) =>
        modelUsage(manager, tenantId, query.by, range, query),
      );
      return {
        usage: usage.map((line) => usageLine(query.by, line)),
        total,
        from: range.from.toISOString(),
        to: range.to.toISOString(),
      };
    } catch (error) {
      throw tookTooLong(error) ?? error;
    } finally {
      leave();
    }
  }
}

/** The database ends a statement that runs longer than the service lets it. */
function tookTooLong(error: unknown): ProblemError | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === '57014'
    ? new ProblemError('unavailable', 'There is too much to sum at once: ask for a shorter span.')
    : undefined;
}
