import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OPA_FILES_PATH, type OpaFiles } from '@behavry/contracts';
import { sha256Hex } from '@behavry/platform';

/** The ops route of license-service, as its own tests show it (`apps/license-service/test/data-plane.int-spec.ts`). */
export class FilesRoute {
  /** What is handed out; nothing yet when undefined. */
  files: OpaFiles | undefined;
  /** Status of every answer. */
  readonly answered: number[] = [];
  readonly #server: Server;

  constructor(token: string) {
    this.#server = createServer((request, response) => {
      const text = JSON.stringify(this.files);
      const etag = this.files && `"${sha256Hex(text)}"`;
      const isKnown = request.headers.authorization === `Bearer ${token}`;
      const status = !isKnown
        ? 401
        : request.url !== OPA_FILES_PATH
          ? 404
          : etag === undefined
            ? 503
            : request.headers['if-none-match'] === etag
              ? 304
              : 200;
      this.answered.push(status);
      response.writeHead(status, etag === undefined ? {} : { etag });
      response.end(status === 200 ? text : status === 503 ? '{"detail":"there is no bundle key yet"}' : '');
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
