import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { OPA_SERVICE } from '@behavry/contracts';
import { signatureFile, signaturePayload, signingInput } from '@behavry/domain';
import { writePolicyBundle } from '@behavry/testing';

const KEY_ID = 'behavry-bundle';
const SCOPE = 'tenant';

/** A private key that signs bundles. */
export function bundleKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

/** Serves bundles of the shipped policies, by their revision, to whoever has the token. */
export class PolicyServer {
  /** Authorization of every request that came. */
  readonly shown: (string | undefined)[] = [];
  readonly #bundles = new Map<string, Buffer>();
  readonly #server: Server;
  #token = '';

  constructor() {
    this.#server = createServer((request, response) => {
      this.shown.push(request.headers.authorization);
      const bundle = this.#bundles.get((request.url ?? '').slice('/bundles/'.length));
      if (request.headers.authorization !== `Bearer ${this.#token}`) response.writeHead(401).end();
      else if (!bundle) response.writeHead(404).end();
      else if (request.headers['if-none-match'] !== undefined) response.writeHead(304).end();
      else response.writeHead(200, { etag: '"1"', 'content-type': 'application/gzip' }).end(bundle);
    });
  }

  async start(token: string): Promise<void> {
    this.#token = token;
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  /** Adds a bundle by its revision, signed as bundle-server signs. */
  publish(revision: string, key: KeyObject): void {
    const folder = writePolicyBundle({});
    const manifest = join(folder, '.manifest');
    const content = JSON.parse(readFileSync(manifest, 'utf8')) as object;
    writeFileSync(manifest, JSON.stringify({ ...content, revision }));
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(folder, path)).isFile())
      .map((path) => ({ path, content: readFileSync(join(folder, path), 'utf8') }));
    const input = signingInput(signaturePayload(files, SCOPE), KEY_ID);
    const signature = signatureFile(input, sign('sha256', Buffer.from(input), key));
    writeFileSync(join(folder, signature.path), signature.content);
    this.#bundles.set(revision, execFileSync('tar', ['-C', folder, '-czf', '-', ...readdirSync(folder)]));
  }

  /** OPA's configuration as license-service would write it for another folder than its keeper's. */
  configuration(revision: string, key: KeyObject): string {
    const { port } = this.#server.address() as AddressInfo;
    const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' });
    return JSON.stringify({
      services: {
        [OPA_SERVICE]: {
          url: `http://127.0.0.1:${String(port)}`,
          credentials: { bearer: { token_path: '/nowhere/token' } },
        },
      },
      persistence_directory: '/nowhere/bundles',
      keys: { [KEY_ID]: { algorithm: 'RS256', key: pem } },
      bundles: {
        behavry: {
          service: OPA_SERVICE,
          resource: `/bundles/${revision}`,
          persist: true,
          signing: { keyid: KEY_ID, scope: SCOPE },
          polling: { min_delay_seconds: 1, max_delay_seconds: 2 },
        },
      },
      status: { console: false, prometheus: true },
    });
  }
}
