import { createPublicKey } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoModels } from '@behavry/components';
import { DEMO_SERVERS, makeDemoContent, PlaneClient, RunnerSecrets, type RunFile } from '@behavry/runner';
import { tagOf } from '../engine/images';
import type { Engine } from '../engine/engine';
import { controlPlaneSecrets, envText, localSecrets, type EnvFile } from './env-file';
import { ComposeProject } from './project';

/** Name under which a container reaches what its host publishes. */
export const HOST = 'host.docker.internal';
const DEPLOYMENT_ID = 'dp-compose-01';

export interface PairOptions {
  readonly root: string;
  /** Folder of the two .env files, of run.json, and of what the demo's file server may reach. */
  readonly dataDir: string;
  /** First of six ports on 127.0.0.1: API, HTTP, HTTPS of either plane. */
  readonly port: number;
  /** Begin of the two compose projects' names, so that several pairs may run; else the names in the files. */
  readonly name?: string;
  readonly say: (line: string) => void;
}

export interface PlanePortsInUse {
  readonly api: number;
  readonly http: number;
  readonly https: number;
}

/** A control plane and a data plane in containers on this machine, joined by https through a published port. */
export class ComposePair {
  readonly control: ComposeProject;
  readonly data: ComposeProject;
  readonly #controlPorts: PlanePortsInUse;
  readonly #dataPorts: PlanePortsInUse;
  readonly #secrets: RunnerSecrets;
  #controlEnv: EnvFile = {};
  #dataEnv: EnvFile = {};

  constructor(
    private readonly engine: Engine,
    private readonly options: PairOptions,
  ) {
    const { root, dataDir, port } = options;
    mkdirSync(dataDir, { recursive: true });
    this.#secrets = new RunnerSecrets(dataDir);
    this.#controlPorts = { api: port, http: port + 1, https: port + 2 };
    this.#dataPorts = { api: port + 3, http: port + 4, https: port + 5 };
    const projectOf = (mode: string, profiles: readonly string[]): ComposeProject =>
      new ComposeProject(engine, {
        root,
        files: [`docker-compose.${mode}.yml`],
        envFile: join(dataDir, `${mode}.env`),
        profiles,
        ...(options.name === undefined ? {} : { project: `${options.name}-${mode}` }),
      });
    this.control = projectOf('control-plane', []);
    this.data = projectOf('data-plane', ['demo']);
  }

  get controlUrl(): string {
    return `http://127.0.0.1:${this.#controlPorts.api}`;
  }

  get dataUrl(): string {
    return `http://127.0.0.1:${this.#dataPorts.api}`;
  }

  /** The control plane as the data plane's containers name it. */
  get controlPlace(): { host: string; port: number } {
    return { host: HOST, port: this.#controlPorts.https };
  }

  get controlAdmin(): { username: string; password: string } {
    return { username: 'admin', password: this.#controlEnv['BEHAVRY_ADMIN_PASSWORD'] ?? '' };
  }

  get dataAdmin(): { username: string; password: string } {
    return { username: 'admin', password: this.#dataEnv['BEHAVRY_ADMIN_PASSWORD'] ?? '' };
  }

  /** Starts the control plane and waits until it is healthy. */
  async startControl(): Promise<void> {
    this.#controlEnv = {
      ...controlPlaneSecrets(),
      ...published(this.#controlPorts),
      // The other plane's containers come to it by the host's address on their bridge, and nobody else does.
      BEHAVRY_HTTPS_PORT: `${await bridgeAddress(this.engine)}:${this.#controlPorts.https}`,
      BEHAVRY_PUBLIC_URL: this.controlUrl,
      BEHAVRY_TLS_NAMES: HOST,
    };
    this.#write('control-plane', this.#controlEnv);
    await this.control.run(['up', '--detach', '--wait']);
  }

  /** Joins a data plane to it, as its operator would: through the API, with what that answers. */
  async startData(): Promise<void> {
    const { dataDir } = this.options;
    const admin = await this.signIn('control');
    const token = await admin.call<{ token: string; tenant_id: string }>(
      'POST',
      '/api/v1/admin/data-plane-tokens',
      { label: 'Compose pair', region: 'local', expires_days: 365 },
    );
    const license = await admin.call<{ license_key: string }>('GET', '/api/v1/admin/license');
    const { keys } = await admin.call<{ keys: readonly object[] }>('GET', '/.well-known/jwks.json');
    const authority = join(dataDir, 'control-plane-ca.crt');
    await this.control.run(['cp', 'edge:/run/secrets/edge/ca.crt', authority]);
    this.#dataEnv = {
      ...localSecrets(),
      ...published(this.#dataPorts),
      ...this.#demoVariables(),
      BEHAVRY_PUBLIC_URL: this.dataUrl,
      BEHAVRY_CONTROL_PLANE_URL: `https://${HOST}:${this.#controlPorts.https}`,
      BEHAVRY_CONTROL_PLANE_CA_FILE: authority,
      BEHAVRY_DATA_PLANE_TOKEN: token.token,
      BEHAVRY_TENANT_ID: token.tenant_id,
      BEHAVRY_LICENSE_KEY: license.license_key,
      BEHAVRY_DEPLOYMENT_ID: DEPLOYMENT_ID,
      BEHAVRY_JWT_PUBLIC_KEY: createPublicKey({ key: (keys[0] ?? {}) as never, format: 'jwk' })
        .export({ type: 'spki', format: 'pem' })
        .toString(),
      BEHAVRY_HEARTBEAT_INTERVAL: '5',
    };
    this.#write('data-plane', this.#dataEnv);
    await this.data.run(['up', '--detach', '--wait']);
  }

  /** Makes the demo's servers, policies and agent, and tells `npm run demo` where everything is. */
  async makeDemo(): Promise<void> {
    const { root, dataDir } = this.options;
    await makeDemoContent(await this.signIn('control'), {
      root,
      dataDir,
      everythingUrl: 'http://mcp-everything:3001/mcp',
      filesCommand: { command: '/usr/local/bin/node', args: ['/opt/mcp/filesystem.mjs'] },
      secrets: this.#secrets,
    });
    const run: RunFile = {
      mode: 'pair',
      tenant_id: this.#dataEnv['BEHAVRY_TENANT_ID'] ?? '',
      planes: {
        control: { url: this.controlUrl, admin: this.controlAdmin },
        data: { url: this.dataUrl, admin: this.dataAdmin, deployment_id: DEPLOYMENT_ID },
      },
      demo: { mcp_servers: [...DEMO_SERVERS] },
      components: { postgres: {}, redis: {}, opa: {} },
      processes: [],
    };
    writeFileSync(join(dataDir, 'run.json'), `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  }

  signIn(plane: 'control' | 'data'): Promise<PlaneClient> {
    const [url, { username, password }] =
      plane === 'control' ? [this.controlUrl, this.controlAdmin] : [this.dataUrl, this.dataAdmin];
    return PlaneClient.signIn(url, username, password);
  }

  /** Removes both planes with everything they kept. */
  async remove(): Promise<void> {
    for (const project of [this.data, this.control])
      await project.try(['down', '--volumes', '--remove-orphans', '--timeout', '15']);
  }

  #demoVariables(): EnvFile {
    const scratch = join(this.options.dataDir, 'scratch');
    mkdirSync(scratch, { recursive: true });
    chmodSync(scratch, 0o777);
    return {
      BEHAVRY_STDIO_IMAGE: tagOf('stdio-host-demo'),
      // Under the same path inside as outside, because the demo looks at what was written.
      BEHAVRY_STDIO_FILES: scratch,
      BEHAVRY_STDIO_FILES_AT: scratch,
      BEHAVRY_STDIO_COMMANDS: JSON.stringify([
        { command: '/usr/local/bin/node', args: ['/opt/mcp/filesystem.mjs', scratch], servers: ['files'] },
      ]),
      BEHAVRY_MCP_ALLOWED_HOSTS: 'mcp-everything',
      ...demoModels('http://model-server:4010'),
      BEHAVRY_ESCALATION_HOLD_SECONDS: '3',
    };
  }

  #write(mode: string, variables: EnvFile): void {
    writeFileSync(join(this.options.dataDir, `${mode}.env`), envText(variables), { mode: 0o600 });
  }
}

/** Variables for the three ports of a plane. */
export function published({ api, http, https }: PlanePortsInUse): EnvFile {
  return {
    BEHAVRY_API_PORT: `127.0.0.1:${api}`,
    BEHAVRY_HTTP_PORT: `127.0.0.1:${http}`,
    BEHAVRY_HTTPS_PORT: `127.0.0.1:${https}`,
  };
}

/** @returns the address of this machine on the bridge of the containers */
export async function bridgeAddress(engine: Engine): Promise<string> {
  const format = '{{(index .IPAM.Config 0).Gateway}}';
  return (await engine.run(['network', 'inspect', 'bridge', '--format', format])).trim();
}
