import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { HealthRegistry } from './health-registry';

/** What every process says of itself: its build, whether it is ready, and Node's own figures. */
export function processMetrics(
  registry: Registry,
  build: { readonly app: string; readonly version: string; readonly mode: string },
  health: HealthRegistry,
): void {
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'behavry_build_info',
    help: 'Always 1: which app of which version runs in which mode.',
    labelNames: ['app', 'version', 'mode'],
    registers: [registry],
  }).set({ ...build }, 1);
  new Gauge({
    name: 'behavry_ready',
    help: '1 while the process takes traffic, as /health/ready says.',
    registers: [registry],
    collect() {
      this.set(health.report().ready ? 1 : 0);
    },
  });
  new Gauge({
    name: 'behavry_ready_check',
    help: '1 for each condition of readiness that holds, 0 for one that does not.',
    labelNames: ['check'],
    registers: [registry],
    collect() {
      for (const [check, { ready }] of Object.entries(health.report().checks))
        this.set({ check }, ready ? 1 : 0);
    },
  });
}
