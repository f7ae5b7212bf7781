import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram } from 'prom-client';
import { ServiceContext } from '@behavry/platform';

/** What is counted about documents and polls. */
@Injectable()
export class BundleMetrics {
  readonly requests: Counter<'part' | 'status'>;
  readonly bytes: Counter<'part'>;
  readonly waiters: Gauge;
  readonly builds: Histogram<'part' | 'result'>;

  constructor(context: ServiceContext) {
    const registers = [context.metrics];
    this.requests = new Counter({
      name: 'behavry_bundle_requests_total',
      help: 'Answers to polls, by document and status.',
      labelNames: ['part', 'status'],
      registers,
    });
    this.bytes = new Counter({
      name: 'behavry_bundle_bytes_total',
      help: 'Bytes of documents sent.',
      labelNames: ['part'],
      registers,
    });
    this.waiters = new Gauge({ name: 'behavry_bundle_waiters', help: 'Polls that are held now.', registers });
    this.builds = new Histogram({
      name: 'behavry_bundle_build_duration_seconds',
      help: 'Time to put a document together, compare it and publish it.',
      labelNames: ['part', 'result'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
      registers,
    });
  }
}
