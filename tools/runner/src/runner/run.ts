import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Mode } from '@behavry/contracts';
import { ComponentError, getOpa, type FoundOpa } from '@behavry/components';
import { PlaneClient } from '../api/plane-client';
import { Plane } from '../plane/plane';
import type { PlaneSettings } from '../plane/plane-settings';
import { filesystemCommand } from '../plane/stdio-host';
import { DEMO_SERVERS, makeDemoContent } from '../seed/demo-content';
import { linkPlanes, PAIR_DEPLOYMENT } from '../seed/link-planes';
import type { DataFolder } from './data-folder';
import type { RunOptions } from './options';
import { checkPorts, PlanePorts } from './ports';
import { RunFileWriter, type PlaneName, type RunFile } from './run-file';
import { say } from './say';
import { RunnerSecrets } from './secrets';

/** A plane that is not ready after this long is a failure, unless it waits for a control plane elsewhere. */
const READY_MS = 180_000;
const REPORT_MS = 10_000;
const PAIR_PORT_STEP = 100;

/** One `npm start`: the planes of a mode from nothing to ready, and back. */
export class Run {
  readonly #planes: Plane[] = [];
  readonly #runFile: RunFileWriter;
  #secrets: RunnerSecrets;
  #opa: FoundOpa | undefined;
  #socketFolder = '';
  #isStopping = false;

  constructor(
    private readonly root: string,
    private readonly options: RunOptions,
    private readonly folder: DataFolder,
    private readonly onFailure: (error: unknown) => void,
  ) {
    if (options.isReset) folder.reset();
    this.#secrets = new RunnerSecrets(options.dataDir);
    this.#runFile = new RunFileWriter(join(options.dataDir, 'run.json'), {
      mode: options.mode,
      tenant_id: this.#secrets.kept.tenant_id,
      planes: {},
      demo: { mcp_servers: [] },
      components: { postgres: {}, redis: {}, opa: {} },
      processes: [],
    });
  }

  /** What `run.json` says. */
  get content(): RunFile {
    return this.#runFile.content;
  }

  /** Starts everything and returns when it is ready. @throws ComponentError with what to do */
  async start(): Promise<void> {
    const { options } = this;
    this.#opa = await getOpa({ dataDir: options.dataDir, say });
    say(`OPA ${this.#opa.version} (${this.#opa.source})`);
    this.#socketFolder = this.folder.makeSocketFolder();
    const step = options.mode === 'pair' ? PAIR_PORT_STEP : 0;
    await checkPorts(neededPorts(options));
    if (options.mode !== 'data-plane')
      await this.#startFirst(options.mode === 'pair' ? 'control-plane' : options.mode);
    if (options.mode === 'pair' || options.mode === 'data-plane') await this.#startDataPlane(step);
  }

  /** Stops everything, all planes at once. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#runFile.close();
    await Promise.all(this.#planes.map((plane) => plane.stop()));
  }

  async #startFirst(mode: Mode): Promise<void> {
    const name: PlaneName = mode === 'standalone' ? 'standalone' : 'control';
    const plane = await this.#startPlane({
      name,
      mode,
      base: this.options.port,
      deploymentId: mode === 'standalone' ? 'standalone' : 'control',
      link: {},
    });
    await this.#waitUntilReady(plane, READY_MS);
    if (this.options.hasDemo) await this.#makeDemo(plane);
  }

  async #startDataPlane(step: number): Promise<void> {
    const control = this.#planes[0];
    const isPresetControl = Boolean(process.env['BEHAVRY_CONTROL_PLANE_URL']);
    const link = control ? await linkPlanes(await this.#signIn(control), this.#secrets) : {};
    if (!control && !isPresetControl) {
      throw new ComponentError('data-plane', missingVariables());
    }
    const deploymentId = process.env['BEHAVRY_DEPLOYMENT_ID'] || (control ? PAIR_DEPLOYMENT : '');
    const plane = await this.#startPlane({
      name: 'data',
      mode: 'data-plane',
      base: this.options.port + step,
      deploymentId,
      link,
    });
    // The control plane may be elsewhere and away for now: that is no failure, the plane waits for it.
    await this.#waitUntilReady(plane, isPresetControl ? Infinity : READY_MS);
  }

  async #startPlane(
    part: Pick<PlaneSettings, 'name' | 'mode' | 'deploymentId' | 'link'> & { base: number },
  ): Promise<Plane> {
    const { options } = this;
    const { kept } = this.#secrets;
    const secretsDir = join(this.#secrets.folder, part.name);
    mkdirSync(secretsDir, { recursive: true, mode: 0o700 });
    const plane = new Plane({
      ...part,
      ports: new PlanePorts(part.base),
      root: this.root,
      dataDir: options.dataDir,
      secretsDir,
      socketFolder: this.#socketFolder,
      tenantId: part.name === 'data' ? process.env['BEHAVRY_TENANT_ID'] || kept.tenant_id : kept.tenant_id,
      adminPassword: this.#secrets.adminPassword(part.name),
      opaCommand: this.#opa?.command ?? '',
      ledger: this.folder.ledger,
      replicas: options.replicas,
      hasDemoUpstreams: options.hasDemo && part.mode !== 'control-plane',
      say,
      onProcess: (process) => this.#runFile.noteProcess(process),
    });
    this.#planes.push(plane);
    await plane.start(options.isReset, this.onFailure);
    this.#describe(plane);
    return plane;
  }

  #describe(plane: Plane): void {
    const { content } = this.#runFile;
    const { name, adminPassword, deploymentId } = plane.settings;
    const told = { url: plane.url, admin: { username: 'admin', password: adminPassword } };
    if (name !== 'data') content.planes.control = told;
    if (name !== 'control') content.planes.data = { ...told, deployment_id: deploymentId };
    const { ownerUrl, redisUrl } = plane.addresses ?? {};
    content.components = {
      postgres: { ...(content.components.postgres as object), [name]: ownerUrl },
      redis: { ...(content.components.redis as object), [name]: redisUrl ?? null },
      opa: { command: this.#opa?.command, version: this.#opa?.version, source: this.#opa?.source },
    };
    this.#runFile.open();
  }

  async #makeDemo(plane: Plane): Promise<void> {
    say('making the demo content through the API');
    const { port, mode, dataDir } = this.options;
    const dataPorts = new PlanePorts(mode === 'pair' ? port + PAIR_PORT_STEP : port);
    await makeDemoContent(await this.#signIn(plane), {
      root: this.root,
      dataDir,
      everythingUrl: `http://127.0.0.1:${dataPorts.everything}/mcp`,
      filesCommand: { command: filesystemCommand(this.root), args: [] },
      secrets: this.#secrets,
    });
    const agent = this.#secrets.kept.demo_agent;
    this.#runFile.content.demo = {
      mcp_servers: [...DEMO_SERVERS],
      ...(agent ? { agent: { client_id: agent.client_id, client_secret: agent.client_secret } } : {}),
    };
    this.#runFile.write();
  }

  #signIn({ url, settings }: Plane): Promise<PlaneClient> {
    return PlaneClient.signIn(url, 'admin', settings.adminPassword);
  }

  async #waitUntilReady(plane: Plane, patienceMs: number): Promise<void> {
    const started = performance.now();
    let reported = started;
    for (;;) {
      const why = await plane.notReadyBecause();
      if (why === undefined || this.#isStopping) return;
      const now = performance.now();
      if (now - started > patienceMs) {
        throw new ComponentError(
          plane.settings.name,
          `${plane.settings.name} is not ready after ${patienceMs / 1000} s: ${why}`,
        );
      }
      if (now - reported > REPORT_MS) {
        say(`${plane.settings.name}: not ready yet: ${why}`);
        reported = now;
      }
      await delay(100);
    }
  }
}

/** Every port of a mode, before anything is started: a taken one is said at once. */
function neededPorts({ mode, port, hasDemo, replicas }: RunOptions): number[] {
  const first = { ports: new PlanePorts(port), mode: mode === 'pair' ? 'control-plane' : mode } as const;
  const second = { ports: new PlanePorts(port + PAIR_PORT_STEP), mode: 'data-plane' } as const;
  return [first, ...(mode === 'pair' ? [second] : [])].flatMap((plane) =>
    Plane.portsOf(plane.mode, plane.ports, hasDemo, replicas),
  );
}

function missingVariables(): string {
  return (
    'A data plane needs a control plane: set BEHAVRY_CONTROL_PLANE_URL, BEHAVRY_DATA_PLANE_TOKEN, BEHAVRY_LICENSE_KEY, ' +
    'BEHAVRY_DEPLOYMENT_ID and BEHAVRY_TENANT_ID, or try both planes here: npm start -- --mode pair'
  );
}
