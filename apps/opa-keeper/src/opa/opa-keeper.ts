import { setTimeout as delay } from 'node:timers/promises';
import { readOpaFiles, type Logger } from '@behavry/platform';
import { BackOff } from '../domain/back-off';
import type { ListenAddress } from '../domain/listen-address';
import type { KeeperMetrics } from '../ops/keeper-metrics';
import type { KeeperSettings } from '../opa-keeper.config';
import type { OpaFactory, RunningOpa } from './opa-factory';

const LOOK_MS = 500;
const ASK_MS = 100;
/** How often it is said again what is waited for. */
const REMIND_MS = 60_000;
/** Clients that are connected to the OPA before may finish for so long, before it is asked to end. */
const FINISH_MS = 3_000;
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 600_000;

/** Why no client should be sent here; undefined when all is well. */
export type NotReady = string | undefined;

/**
 * Keeps the deciding OPA running: waits for its files, starts it, starts it again when it ends, and puts another in
 * its place when its configuration changed. The other must have policies before the first one goes.
 */
export class OpaKeeper {
  #current: RunningOpa | undefined;
  readonly #others = new Set<RunningOpa>();
  #failed: { readonly config: string; readonly until: number } | undefined;
  readonly #retry = new BackOff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
  #isChanging = false;
  #remindedAt: number | undefined;
  readonly #ending = new AbortController();

  constructor(
    private readonly settings: KeeperSettings,
    private readonly factory: OpaFactory,
    private readonly metrics: KeeperMetrics,
    private readonly log: Logger,
  ) {}

  get current(): RunningOpa | undefined {
    return this.#current;
  }

  /** @returns why OPA cannot decide now */
  async notReady(): Promise<NotReady> {
    if (this.#ending.signal.aborted) return 'stopping';
    if (!this.#current) return `${this.settings.config.filesDir} does not hold opa.yaml and token yet`;
    if (this.#isChanging) return 'OPA is started again with a changed configuration';
    return (await this.#current.questions.revision()) === undefined ? 'OPA has no policies yet' : undefined;
  }

  /** Looks for files until it is stopped. */
  async run(): Promise<void> {
    this.factory.clearPlace();
    while (!this.#isEnding()) {
      await this.#look();
      await this.#pause(LOOK_MS);
    }
  }

  /** Ends every OPA; no other is started. */
  async stop(): Promise<void> {
    this.#ending.abort();
    const all = [...this.#others, ...(this.#current ? [this.#current] : [])];
    await Promise.all(all.map(({ process }) => process.stop()));
  }

  async #look(): Promise<void> {
    const files = readOpaFiles(this.settings.config.filesDir);
    if (!this.#current) {
      if (files) this.#begin(files.config);
      else this.#remind();
      return;
    }
    const isChanged = files !== undefined && files.config !== this.#current.config;
    this.metrics.isPending(isChanged);
    if (!isChanged || this.#isTooEarly(files.config)) return;
    this.log.info('the configuration of OPA changed; another OPA is tried with it');
    const why = await this.#change(files.config);
    if (this.#isEnding()) return;
    this.metrics.changed(why === undefined ? 'replaced' : 'kept');
    if (why === undefined) {
      this.metrics.isPending(false);
      this.#failed = undefined;
      this.#retry.reset();
      return;
    }
    if (this.#failed?.config !== files.config) this.#retry.reset();
    const wait = this.#retry.next();
    this.#failed = { config: files.config, until: performance.now() + wait };
    this.log.error(
      { event: 'opa_configuration_refused', why, again_in_ms: wait },
      'OPA does not work with the changed configuration; the one before goes on',
    );
  }

  #begin(config: string): void {
    const { listen } = this.settings;
    this.#current = this.factory.start(config, true);
    this.#current.process.keep();
    if (listen.kind === 'socket') this.factory.point(listen, this.#current);
    this.log.info({ listen: this.settings.config.listen }, 'OPA is started');
  }

  #remind(): void {
    const now = performance.now();
    if (this.#remindedAt !== undefined && now - this.#remindedAt < REMIND_MS) return;
    this.#remindedAt = now;
    const { filesDir, filesUrl } = this.settings.config;
    this.log.info(
      { folder: filesDir, from: filesUrl ?? 'license-service, which writes there' },
      'waiting for opa.yaml and token; they come once license-service knows the key that signs bundles',
    );
  }

  #isTooEarly(config: string): boolean {
    return this.#failed?.config === config && performance.now() < this.#failed.until;
  }

  /** @returns why the OPA before stays; undefined when another has taken its place */
  async #change(config: string): Promise<string | undefined> {
    let candidate: RunningOpa | undefined;
    try {
      candidate = this.factory.start(config, false);
      this.#others.add(candidate);
      const why = await this.#activated(candidate);
      if (why !== undefined) return why;
      const { listen } = this.settings;
      if (listen.kind === 'socket') this.#handOver(listen, candidate);
    } catch (error) {
      return error instanceof Error ? error.message : 'unknown';
    } finally {
      if (candidate && candidate !== this.#current) await this.#drop(candidate);
    }
    if (candidate !== this.#current) await this.#restart(config);
    return undefined;
  }

  #handOver(listen: ListenAddress & { readonly kind: 'socket' }, candidate: RunningOpa): void {
    this.factory.point(listen, candidate);
    candidate.process.keep();
    this.#others.delete(candidate);
    const before = this.#current;
    this.#current = candidate;
    this.log.info('another OPA decides now, with the changed configuration');
    if (before) void this.#finish(before);
  }

  async #finish(before: RunningOpa): Promise<void> {
    this.#others.add(before);
    await this.#pause(FINISH_MS);
    await this.#drop(before);
  }

  /**
   * A port cannot be handed from one OPA to the next, so there is a moment without one here. It begins after the
   * balancer has had time to send clients to another replica, at another time than there, and the policies that the
   * candidate has just fetched lie on disk. That is shorter than a new container would take, and no crash in anybody's
   * books.
   */
  async #restart(config: string): Promise<void> {
    await this.#pause(Math.random() * this.settings.config.staggerSeconds * 1000);
    if (this.#isEnding()) return;
    this.#isChanging = true;
    this.log.info('OPA is started again, with the changed configuration');
    await this.#current?.process.stop();
    if (!this.#isEnding()) {
      this.#current = this.factory.start(config, true);
      this.#current.process.keep();
    }
    this.#isChanging = false;
  }

  /** @returns why it has no policies, undefined when it has */
  async #activated({ process, questions }: RunningOpa): Promise<string | undefined> {
    const { activationSeconds } = this.settings.config;
    const deadline = performance.now() + activationSeconds * 1000;
    let ended: string | undefined;
    void process.ended.then((why) => (ended = why));
    const hasEnded = (): string | undefined => ended;
    while (!this.#isEnding()) {
      const revision = await questions.revision();
      if (hasEnded() !== undefined) return hasEnded();
      if (revision !== undefined) {
        this.log.info({ revision }, 'OPA has policies with the changed configuration');
        return undefined;
      }
      if (performance.now() >= deadline) return `it had no policies after ${activationSeconds} s`;
      await this.#pause(ASK_MS);
    }
    return 'the keeper is stopping';
  }

  async #drop(opa: RunningOpa): Promise<void> {
    await opa.process.stop();
    this.#others.delete(opa);
  }

  #isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }
}
