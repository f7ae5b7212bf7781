import { join } from 'node:path';
import type { ConfigDocument, LicenseState } from '@behavry/contracts';
import { readQuietly, writePrivately, type Clock, type Logger, type PlaneState } from '@behavry/platform';
import { checkDocument, withoutNewAgents, type DocumentFault } from '../domain/config-document';
import type { BundleKeys } from './bundle-keys';
import type { UplinkStore } from './uplink-store';

export interface ConfigKeeperOptions {
  readonly tenantId: string;
  /** Folder of the plane's files. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly license: () => LicenseState | undefined;
}

/** Takes config documents that pass every check, keeps the last good one on disk and hands it to the plane. */
export class ConfigKeeper {
  readonly #file: string;
  readonly #agentsFile: string;
  #document: ConfigDocument | undefined;
  #generation = 0;
  #refused: DocumentFault | undefined;
  /** Documents go on one after the other, or a repeated old one could overtake a new one. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: ConfigKeeperOptions,
    private readonly keys: BundleKeys,
    private readonly store: UplinkStore,
    private readonly state: PlaneState,
  ) {
    this.#file = join(options.dataDir, 'uplink', 'config.jws');
    this.#agentsFile = join(options.dataDir, 'uplink', 'known-agents.json');
  }

  /** The document in force, if any. */
  get document(): ConfigDocument | undefined {
    return this.#document;
  }

  /** Brings back the last good document, so that a restart needs no control plane. */
  async load(): Promise<void> {
    this.#generation = (await this.store.read()).configGeneration ?? 0;
    const compact = readQuietly(this.#file);
    if (compact === undefined) return;
    const { tenantId } = this.options;
    const result = checkDocument(compact, { keys: this.keys.all, tenantId, generation: 0 });
    if (result.ok) await this.#publish(result.document);
    else this.options.log.warn({ fault: result.fault }, 'the stored config document cannot be used');
  }

  /**
   * Takes a document from the control plane.
   * @returns whether it is in force now; a refused one leaves the last good one where it is
   */
  take(compact: string): Promise<boolean> {
    return this.#inTurn(() => this.#take(compact));
  }

  /** Hands the document in force on again: what an enforced licence holds back may have changed. */
  refresh(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#document) await this.#publish(this.#document);
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #take(compact: string): Promise<boolean> {
    const { tenantId, clock, log } = this.options;
    const result = checkDocument(compact, { keys: this.keys.all, tenantId, generation: this.#generation });
    if (!result.ok) {
      if (this.#refused !== result.fault) {
        log.error(
          { event: 'config_refused', fault: result.fault },
          'a config document was refused; the last good one stays',
        );
      }
      this.#refused = result.fault;
      return false;
    }
    this.#refused = undefined;
    const { document } = result;
    if (this.#document && document.generation === this.#document.generation) return true;
    await this.#publish(document);
    this.#generation = document.generation;
    log.info({ revision: document.revision, generation: document.generation }, 'config document is in force');
    try {
      // After it is in force: a full disk must not hold up a kill switch.
      writePrivately(this.#file, compact);
      await this.store.write({
        configGeneration: document.generation,
        configRevision: document.revision,
        configReceivedAt: new Date(clock.now()),
      });
    } catch (error) {
      log.error({ err: error }, 'the config document is in force but could not be kept for a restart');
    }
    return true;
  }

  async #publish(document: ConfigDocument): Promise<void> {
    const isEnforced = this.options.license()?.state === 'enforced';
    const known = this.#knownAgents();
    const shown = isEnforced && known ? withoutNewAgents(document, known) : document;
    await this.state.put('config', shown);
    this.#document = document;
    if (!isEnforced) this.#rememberAgents(document, known);
  }

  #rememberAgents({ agents }: ConfigDocument, known: ReadonlySet<string> | undefined): void {
    if (agents.length === known?.size && agents.every(({ id }) => known.has(id))) return;
    try {
      writePrivately(this.#agentsFile, JSON.stringify(agents.map(({ id }) => id)));
    } catch (error) {
      this.options.log.error({ err: error }, 'the known agents could not be kept');
    }
  }

  #knownAgents(): ReadonlySet<string> | undefined {
    const text = readQuietly(this.#agentsFile);
    if (text === undefined) return undefined;
    try {
      return new Set(JSON.parse(text) as string[]);
    } catch {
      return undefined;
    }
  }
}
