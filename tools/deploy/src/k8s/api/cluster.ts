import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnv, freePort, ProcessLedger, SupervisedProcess, waitUntil } from '@behavry/components';
import type { ClusterPrograms } from './cluster-programs';

type Program = Parameters<ClusterPrograms['program']>[0];

/** A control plane of Kubernetes on loopback, with nodes that only say they run pods. */
export class Cluster {
  readonly kubeconfig: string;
  readonly #processes: SupervisedProcess[] = [];
  readonly #ledger: ProcessLedger;
  readonly #token = randomBytes(24).toString('hex');

  /** @param folder empty, for everything that it writes */
  constructor(
    private readonly programs: ClusterPrograms,
    private readonly folder: string,
  ) {
    this.kubeconfig = join(folder, 'kubeconfig');
    this.#ledger = new ProcessLedger(join(folder, 'processes.json'));
  }

  /** Starts etcd and the API server, and returns when it is ready. @throws ComponentError with the log's last lines */
  async start(): Promise<void> {
    const [client, peer, secure] = [await freePort(), await freePort(), await freePort()];
    const etcd = `http://127.0.0.1:${client}`;
    const peers = `http://127.0.0.1:${peer}`;
    await this.#run(
      'etcd',
      [
        ...['--data-dir', join(this.folder, 'etcd'), '--unsafe-no-fsync'],
        ...['--listen-client-urls', etcd, '--advertise-client-urls', etcd],
        ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers],
        ...['--initial-cluster', `default=${peers}`],
      ],
      async () => (await fetch(`${etcd}/health`)).ok,
    );
    this.#writeCredentials(secure);
    const accounts = join(this.folder, 'accounts.pem');
    await this.#run(
      'kube-apiserver',
      [
        ...['--etcd-servers', etcd, '--bind-address', '127.0.0.1', '--secure-port', String(secure)],
        ...[
          '--cert-dir',
          join(this.folder, 'certificates'),
          '--token-auth-file',
          join(this.folder, 'tokens.csv'),
        ],
        ...['--service-account-key-file', accounts, '--service-account-signing-key-file', accounts],
        ...['--service-account-issuer', 'https://kubernetes.default.svc', '--authorization-mode', 'RBAC'],
        ...['--service-cluster-ip-range', '10.96.0.0/16', '--endpoint-reconciler-type', 'none'],
      ],
      () => this.#answers(secure),
    );
  }

  /** Starts what turns objects into pods, and nodes that take them. */
  async startControllers(): Promise<void> {
    const own = ['--kubeconfig', this.kubeconfig];
    const alone = ['--leader-elect=false', '--bind-address', '127.0.0.1'];
    await Promise.all([
      this.#run('kube-controller-manager', [
        ...[...own, ...alone, '--secure-port', String(await freePort())],
        ...['--service-account-private-key-file', join(this.folder, 'accounts.pem')],
        // Nodes that are none say seldom that they live, and on a busy machine late.
        ...['--node-monitor-grace-period', '1h', '--node-startup-grace-period', '1h'],
      ]),
      this.#run('kube-scheduler', [...own, ...alone, '--secure-port', String(await freePort())]),
      this.#run('kwok', [...own, '--manage-all-nodes=true']),
    ]);
  }

  /** Ends what it started, the last first. */
  async stop(): Promise<void> {
    for (const process of this.#processes.splice(0).reverse()) await process.stop();
  }

  #writeCredentials(port: number): void {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const write = (name: string, text: string): void =>
      writeFileSync(join(this.folder, name), text, { mode: 0o600 });
    mkdirSync(join(this.folder, 'certificates'), { mode: 0o700 });
    write('accounts.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    write('tokens.csv', `${this.#token},admin,admin,system:masters\n`);
    write(
      'kubeconfig',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        // The server signs its own certificate, once it runs.
        clusters: [
          {
            name: 'local',
            cluster: {
              server: `https://127.0.0.1:${port}`,
              'certificate-authority': join(this.folder, 'certificates', 'apiserver.crt'),
            },
          },
        ],
        users: [{ name: 'admin', user: { token: this.#token } }],
        contexts: [{ name: 'local', context: { cluster: 'local', user: 'admin' } }],
        'current-context': 'local',
      }),
    );
  }

  /** Asked without looking at its certificate, which nothing secret is sent under. */
  async #answers(port: number): Promise<boolean> {
    const { request } = await import('node:https');
    return new Promise((resolve) => {
      request({ host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      })
        .on('error', () => resolve(false))
        .end();
    });
  }

  async #run(name: Program, args: readonly string[], isReady?: () => Promise<boolean>): Promise<void> {
    const process = new SupervisedProcess(
      {
        name,
        command: this.programs.program(name),
        args,
        env: cleanEnv(),
        cwd: this.folder,
        logFile: join(this.folder, `${name}.log`),
        readyTimeoutMs: 120_000,
        ...(isReady === undefined ? {} : { isReady }),
      },
      this.#ledger,
    );
    this.#processes.push(process);
    await process.start();
  }
}

/** Looks until something holds. @throws Error that names what was waited for */
export async function mustHold(
  what: string,
  holds: () => Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  if (!(await waitUntil(holds, { timeoutMs, everyMs: 250 })))
    throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
}
