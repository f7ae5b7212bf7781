import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createPostgresBackend, Queue, UnrecoverableError, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import type { AppName, QueueDefinition } from '@behavry/contracts';
import { QUEUE_SCHEMA, type DatabaseLogin } from '../database/database-address';
import { equalInConstantTime } from '../keys/hash';
import type { PlaneKeys } from '../keys/plane-keys';
import type { Logger } from '../logging/logger';
import { JOB_STATES, type QueueDepth, type QueueMetrics } from './queue-metrics';

export interface AddOptions {
  /** Jobs of one id are added once while the first is kept. No colon. */
  readonly jobId?: string;
  readonly delayMs?: number;
}

export interface QueueProducer<Payload> {
  /** Fails fast when the broker cannot be reached. */
  add(payload: Payload, options?: AddOptions): Promise<void>;
}

export type QueueHandler<Payload> = (payload: Payload) => Promise<void>;

export interface ConsumeOptions {
  readonly concurrency?: number;
}

/** Asking for the depth of a queue must not hold up who asks. */
const DEPTH_MS = 1_000;

/** Where queues live: Redis when there is one, else the plane's PostgreSQL. */
export type BrokerAddress =
  | { readonly kind: 'redis'; readonly url: string; readonly prefix: string }
  | { readonly kind: 'postgres'; readonly login: DatabaseLogin };

/**
 * Typed producers and consumers over BullMQ, made from the definitions in `contracts`. The two back ends
 * behave alike; work is at least once, so handlers are idempotent. Every job is signed with a key of the plane, and
 * what nobody signed reaches no handler.
 */
export class QueueBroker {
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #filled = new Map<string, Queue>();

  /** @param app who fills and empties queues from here */
  constructor(
    private readonly app: AppName,
    private readonly address: BrokerAddress,
    private readonly keys: PlaneKeys,
    private readonly log: Logger,
    private readonly metrics: QueueMetrics,
  ) {}

  /**
   * @returns the sending end of a queue
   * @throws Error when this app is none of its producers
   */
  producer<Payload>(definition: QueueDefinition<Payload>): QueueProducer<Payload> {
    if (!definition.producers.includes(this.app))
      throw new Error(`${this.app} is not a producer of ${definition.name}`);
    const queue = this.#queue(definition.name);
    queue.on('error', (error: Error) => {
      this.#failing(definition.name, error);
    });
    this.#closers.push(() => queue.close());
    this.#filled.set(definition.name, queue);
    return {
      add: async (payload, options = {}) => {
        await queue.add(
          definition.name,
          { ...payload, mac: this.#mac(definition, payload) },
          {
            attempts: definition.attempts,
            backoff: { type: 'exponential', delay: definition.backoffMs },
            removeOnComplete: definition.keepCompleted === 0 ? true : { count: definition.keepCompleted },
            removeOnFail: { count: definition.keepFailed },
            // Always named by us: BullMQ's own numbering needs the right to create sequences on PostgreSQL.
            jobId: options.jobId ?? randomUUID(),
            ...(options.delayMs === undefined ? {} : { delay: options.delayMs }),
          },
        );
        this.metrics.failing.set({ queue: definition.name }, 0);
      },
    };
  }

  /**
   * Begins to take jobs. A payload that the definition does not accept fails for good.
   * @throws Error when this app is not the queue's consumer
   */
  consume<Payload>(
    definition: QueueDefinition<Payload>,
    handler: QueueHandler<Payload>,
    options: ConsumeOptions = {},
  ): void {
    if (definition.consumer !== this.app)
      throw new Error(`${this.app} is not the consumer of ${definition.name}`);
    const process = async (job: Job<unknown>): Promise<void> => {
      if (!definition.accepts(job.data)) throw new UnrecoverableError('the payload does not fit the queue');
      if (!this.#isGenuine(definition, job.data)) {
        this.metrics.jobs.inc({ queue: definition.name, result: 'forged' });
        throw new UnrecoverableError('no app of this plane signed the job; look who else reaches the queue');
      }
      await handler(job.data);
    };
    const worker = this.#worker(definition.name, process, options.concurrency ?? 1);
    worker.on('error', (error: Error) => {
      this.#failing(definition.name, error);
    });
    worker.on('completed', () => {
      this.metrics.jobs.inc({ queue: definition.name, result: 'completed' });
    });
    worker.on('failed', (job, error) => {
      this.metrics.jobs.inc({ queue: definition.name, result: 'failed' });
      const last =
        job === undefined || job.attemptsMade >= definition.attempts || error instanceof UnrecoverableError;
      this.log[last ? 'error' : 'warn'](
        { err: error, queue: definition.name, job: job?.id, attempts: job?.attemptsMade },
        last ? 'a job failed for good' : 'a job failed and will be tried again',
      );
    });
    this.#closers.unshift(() => worker.close());
  }

  /** How much stands in the queues that this process fills; what does not answer within a second is left out. */
  async depths(): Promise<ReadonlyMap<string, QueueDepth>> {
    const late = delay(DEPTH_MS, undefined, { ref: false });
    const read = async ([name, queue]: [string, Queue]): Promise<[string, QueueDepth] | undefined> => {
      const counts = await Promise.race([queue.getJobCounts(...JOB_STATES), late]).catch(() => undefined);
      return counts && [name, counts as QueueDepth];
    };
    const found = await Promise.all([...this.#filled].map(read));
    return new Map(found.filter((each) => each !== undefined));
  }

  /** Lets running jobs end, then closes everything. */
  async close(): Promise<void> {
    for (const close of this.#closers) await close().catch(() => undefined);
  }

  /** Who reaches a queue is not yet an app of the plane: those have its key. */
  #mac<Payload>(definition: QueueDefinition<Payload>, payload: Payload): string {
    return this.keys.mac(`queue/${definition.name}`, definition.signedText(payload));
  }

  #isGenuine<Payload>(definition: QueueDefinition<Payload>, payload: Payload): boolean {
    const { mac } = payload as { readonly mac?: unknown };
    return (
      typeof mac === 'string' &&
      // What is signed is its UTF-8, in which half a character and U+FFFD are the same.
      definition.signedText(payload).isWellFormed() &&
      equalInConstantTime(mac, this.#mac(definition, payload))
    );
  }

  #queue(name: string): Queue {
    if (this.address.kind === 'redis') {
      const connection = new Redis(this.address.url, {
        maxRetriesPerRequest: 1,
        enableOfflineQueue: false,
        lazyConnect: false,
      });
      connection.on('error', () => undefined);
      this.#closers.push(() => {
        connection.disconnect();
        return Promise.resolve();
      });
      return new Queue(name, { connection, prefix: `${this.address.prefix}:q`, skipWaitingForReady: false });
    }
    return new Queue(
      name,
      { connection: this.#postgres(this.address.login) },
      createPostgresBackend,
    ) as unknown as Queue;
  }

  #worker(name: string, process: (job: Job<unknown>) => Promise<void>, concurrency: number): Worker {
    const common = { concurrency, lockDuration: 30_000, stalledInterval: 5_000, maxStalledCount: 1_000 };
    if (this.address.kind === 'redis') {
      const connection = new Redis(this.address.url, { maxRetriesPerRequest: null });
      connection.on('error', () => undefined);
      this.#closers.push(() => {
        connection.disconnect();
        return Promise.resolve();
      });
      return new Worker(name, process, { ...common, connection, prefix: `${this.address.prefix}:q` });
    }
    return new Worker(
      name,
      process,
      { ...common, connection: this.#postgres(this.address.login) },
      createPostgresBackend,
    ) as unknown as Worker;
  }

  #postgres(login: DatabaseLogin): Record<string, unknown> {
    const { host, port, database, user, password, ssl } = login;
    return {
      host,
      port,
      database,
      user,
      password,
      ...(ssl ? { ssl } : {}),
      schema: QUEUE_SCHEMA,
      max: 4,
      keepAlive: true,
    };
  }

  #failing(queue: string, error: Error): void {
    this.metrics.failing.set({ queue }, 1);
    this.log.warn({ err: error, queue }, 'queue: connection failed');
  }
}
