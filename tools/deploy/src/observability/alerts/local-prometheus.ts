import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, waitUntil } from '@behavry/components';

/** An address to scrape, with the labels that every one of its series gets. */
export interface Target {
  readonly address: string;
  readonly app: string;
  readonly plane: string;
}

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: string;
}

/** A Prometheus of this machine, on loopback, that looks every second. */
export class LocalPrometheus {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
    private readonly targets: number,
  ) {}

  /**
   * @param folder for its data and its log; must be empty
   * @param rules files of rules, by name
   * @throws Error when it does not get ready; Debian's package is `prometheus`
   */
  static async start(
    folder: string,
    targets: readonly Target[],
    rules: ReadonlyMap<string, string>,
  ): Promise<LocalPrometheus> {
    mkdirSync(join(folder, 'rules'), { recursive: true });
    for (const [name, text] of rules) writeFileSync(join(folder, 'rules', name), text);
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(folder, 'rules', '*.yml')],
      scrape_configs: [
        {
          job_name: 'behavry',
          honor_labels: true,
          static_configs: targets.map(({ address, app, plane }) => ({
            targets: [address],
            labels: { app, plane },
          })),
        },
      ],
    };
    // JSON is YAML.
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const port = await freePort();
    const log = openSync(join(folder, 'prometheus.log'), 'a');
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${String(port)}`,
      ],
      { stdio: ['ignore', log, log] },
    );
    child.on('error', () => undefined);
    const found = new LocalPrometheus(child, `http://127.0.0.1:${String(port)}`, targets.length);
    const isReady = await waitUntil(async () => (await fetch(`${found.url}/-/ready`)).ok, {
      timeoutMs: 30_000,
      everyMs: 200,
    });
    if (isReady) return found;
    await found.stop();
    throw new Error(`prometheus did not get ready; its log is in ${folder}`);
  }

  /** @returns the names of the alerts that fire on a plane now */
  async firing(plane: string): Promise<ReadonlySet<string>> {
    const answer = (await (await fetch(`${this.url}/api/v1/alerts`)).json()) as {
      data: { alerts: readonly Alert[] };
    };
    return new Set(
      answer.data.alerts
        .filter(({ state, labels }) => state === 'firing' && labels['plane'] === plane)
        .map(({ labels }) => labels['alertname'] ?? ''),
    );
  }

  /** Whether every target answers at present, without which silence says nothing. */
  async hasScrapedAll(): Promise<boolean> {
    const answer = (await (
      await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent('sum(up)')}`)
    ).json()) as {
      data: { result: readonly { value: readonly [number, string] }[] };
    };
    return Number(answer.data.result[0]?.value[1]) === this.targets;
  }

  async stop(): Promise<void> {
    const { process: child } = this;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}
