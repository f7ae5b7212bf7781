import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpaComponent, type ProcessEvents } from '@behavry/components';
import { decidingSocket } from './app-env';
import { logFile, planeFolder, type PlaneSettings } from './plane-settings';

const LOOK_MS = 500;

/**
 * The OPA that decides on a plane. It is started once its configuration is there, which on a data plane
 * needs the control plane's key, and started again when the configuration has changed.
 */
export class DecidingOpa {
  #opa: OpaComponent | undefined;
  #runningConfig: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(
    private readonly settings: PlaneSettings,
    private readonly events: ProcessEvents,
  ) {}

  /** Begins to watch for the configuration. @param onFailure told once when OPA cannot be started */
  watch(onFailure: (error: unknown) => void): void {
    const look = (): void => {
      this.#work = this.#follow().catch(onFailure);
      void this.#work.then(() => {
        if (!this.#isStopped) this.#timer = setTimeout(look, LOOK_MS);
      });
    };
    look();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#work;
    await this.#opa?.stop();
  }

  async #follow(): Promise<void> {
    const { settings, events } = this;
    const file = join(planeFolder(settings), 'opa', 'opa.yaml');
    if (!existsSync(file)) return;
    const config = readFileSync(file, 'utf8');
    if (config === this.#runningConfig) return;
    if (this.#opa) settings.say(`${settings.name}: OPA's configuration changed, starting it again`);
    await this.#opa?.stop();
    this.#runningConfig = config;
    this.#opa = new OpaComponent({
      name: 'opa',
      command: settings.opaCommand,
      socket: decidingSocket(settings),
      paths: systemFiles(settings.root),
      configFile: file,
      // Asking it for every question costs OPA a third of a decision. Its socket opens for our uid alone, so this is
      // worth it only where servers that we start have that uid too.
      hasAuthorization: process.getuid?.() !== 0,
      logFile: logFile(settings, 'opa'),
      ledger: settings.ledger,
      events,
    });
    await this.#opa.start();
  }
}

/** What every deciding OPA loads beside its bundle: the log mask and who may ask what. */
function systemFiles(root: string): string[] {
  const folder = join(root, 'docker', 'opa', 'system');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'))
    .map((name) => join(folder, name));
}
