import { Counter, Gauge, type Registry } from 'prom-client';

/** How jobs of a queue may stand. */
export const JOB_STATES = ['waiting', 'active', 'delayed', 'failed'] as const;
export type QueueDepth = Readonly<Record<(typeof JOB_STATES)[number], number>>;

export interface QueueMetrics {
  readonly jobs: Counter<'queue' | 'result'>;
  readonly failing: Gauge<'queue'>;
}

/** Counts jobs and shows whether a queue can be reached. */
export function queueMetrics(registry: Registry): QueueMetrics {
  return {
    jobs: new Counter({
      name: 'behavry_queue_jobs_total',
      help: 'Jobs taken, by queue and result.',
      labelNames: ['queue', 'result'],
      registers: [registry],
    }),
    failing: new Gauge({
      name: 'behavry_queue_connection_failing',
      help: '1 while the connection of a queue fails.',
      labelNames: ['queue'],
      registers: [registry],
    }),
  };
}

/**
 * Shows how much waits in the queues that a process fills; every producer of a queue shows the same.
 * @param read asked at each scrape; what cannot be read now is not shown
 */
export function measureQueues(
  registry: Registry,
  read: () => Promise<ReadonlyMap<string, QueueDepth>>,
): void {
  new Gauge({
    name: 'behavry_queue_depth_jobs',
    help: 'Jobs in a queue, by state, as its producers see it.',
    labelNames: ['queue', 'state'],
    registers: [registry],
    async collect() {
      const depths = await read();
      this.reset();
      for (const [queue, depth] of depths)
        for (const state of JOB_STATES) this.set({ queue, state }, depth[state]);
    },
  });
}
