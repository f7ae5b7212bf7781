import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PlaneSpending, type ServiceContext } from '@behavry/platform';
import { Counter, Gauge } from 'prom-client';
import { BUDGET_EVENTS, Budgets } from './budgets';
import { Spending } from './spending';

/** Opens what counts budgets, for whatever the configuration comes to say of them. Closed after the last exchange is. */
export async function openBudgets(app: NestFastifyApplication, context: ServiceContext): Promise<Budgets> {
  const { metrics, log, clock } = context;
  const now = (): number => clock.now();
  const spending = new Spending({ store: app.get(PlaneSpending), log, now });
  context.onClose('budgets', () => spending.close());
  const calls = new Counter({
    name: 'behavry_llm_proxy_budget_calls_total',
    help: 'Calls on which a budget came to bear: refused by a hard one, let through beyond a soft one (over), or refused because their price is not known (no_price).',
    labelNames: ['scope', 'period', 'unit', 'event'],
    registers: [metrics],
  });
  // From the start, so that the first one is seen as a change.
  for (const scope of ['agent', 'owner', 'tenant'] as const)
    for (const period of ['day', 'month'] as const)
      for (const unit of ['tokens', 'microusd'] as const)
        for (const event of BUDGET_EVENTS) calls.inc({ scope, period, unit, event }, 0);
  new Gauge({
    name: 'behavry_llm_proxy_budgets_shared',
    help: 'Whether budgets are counted together with the other processes of the plane; 0: this one counts alone.',
    registers: [metrics],
    collect() {
      this.set(spending.isShared ? 1 : 0);
    },
  });
  await spending.start();
  return new Budgets({
    spending,
    now,
    count: ({ scope, period, unit }, event) => {
      calls.inc({ scope, period, unit, event });
    },
  });
}
