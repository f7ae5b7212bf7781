import { sign, type KeyObject } from 'node:crypto';
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AgentEntry, ConfigDocument, KillSwitch } from '@behavry/contracts';
import { agentEntry as testAgent, configDocument as testDocument } from '@behavry/testing';
import { CONFIG_TYPE } from '../src/domain/config-document';
import { TENANT } from './running-license';

/** A request as it came in; its body only when it went on to license-service. */
export interface SeenRequest {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly prefer: string | undefined;
  readonly body: string;
}

/**
 * The door of a control plane for these tests: hands requests on to license-service, serves config
 * documents with long polling as bundle-server does, and remembers all that came in.
 */
export class ControlEdge {
  readonly seen: SeenRequest[] = [];
  /** Every document that went out. */
  readonly served: string[] = [];
  /** Status that config polls get instead of a document. */
  configStatus: number | undefined;
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();
  #compact: string | undefined;
  #etag = 0;

  /** @param licenseUrl where license-service listens; undefined answers 502 */
  constructor(public licenseUrl: string | undefined) {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Publishes a text to everyone who waits. */
  publish(compact: string): void {
    this.#compact = compact;
    this.#etag += 1;
    for (const wake of this.#waiting) wake();
  }

  async stop(): Promise<void> {
    for (const wake of this.#waiting) wake();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString('utf8');
    const { authorization, prefer } = request.headers;
    this.seen.push({
      method: request.method ?? '',
      path,
      authorization,
      prefer: typeof prefer === 'string' ? prefer : undefined,
      body,
    });
    if (path.startsWith('/api/v1/opa/bundle/')) await this.#config(request, response);
    else this.#forward(request, response, body);
  }

  async #config(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.configStatus !== undefined) {
      response.writeHead(this.configStatus).end();
      return;
    }
    if (this.#compact === undefined) {
      response.writeHead(404).end();
      return;
    }
    const current = (): boolean => request.headers['if-none-match'] === `"${String(this.#etag)}"`;
    if (current()) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        response.on('close', resolve);
      });
    }
    if (current()) {
      response.writeHead(304).end();
      return;
    }
    this.served.push(this.#compact);
    response.writeHead(200, { etag: `"${String(this.#etag)}"` }).end(this.#compact);
  }

  #forward(request: IncomingMessage, response: ServerResponse, body: string): void {
    if (this.licenseUrl === undefined) {
      response.writeHead(502).end();
      return;
    }
    const { method, headers, url } = request;
    const onwards = forward(
      `${this.licenseUrl}${url ?? ''}`,
      { method: method ?? 'GET', headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onwards.on('error', () => response.destroy());
    onwards.end(body);
  }
}

/** A config document of the tests' tenant. */
export function configDocument(generation: number, change: Partial<ConfigDocument> = {}): ConfigDocument {
  const revision = `20260101T0000${String(generation).padStart(2, '0')}Z`;
  return testDocument({ tenant_id: TENANT, revision, generation, ...change });
}

/** The document as bundle-server signs it. */
export function signed(document: ConfigDocument, key: KeyObject, kid = 'behavry-bundle'): string {
  const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = `${text({ alg: 'RS256', typ: CONFIG_TYPE, kid })}.${text(document)}`;
  return `${head}.${sign('sha256', Buffer.from(head), key).toString('base64url')}`;
}

export function agentEntry(id: string): AgentEntry {
  return testAgent(id, { agent_type: 'custom', client_id: `agt_${id}`, roles: [] });
}

export const TENANT_KILL: KillSwitch = { id: 'k', scope: 'tenant', target: TENANT, reason: 'drill' };
