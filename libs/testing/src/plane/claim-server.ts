import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CLAIM_PATH, type ClaimAnswer, type ClaimRequest } from '@behavry/contracts';

/** In the place of escalation-worker: keeps what it is asked and answers as the test says. */
export interface ClaimServer {
  readonly url: string;
  /** Everything that was asked, oldest first. */
  readonly claims: ClaimRequest[];
  /** The next answers; pending when a test says nothing. */
  answer: (request: ClaimRequest) => ClaimAnswer | Promise<ClaimAnswer>;
  stop(): Promise<void>;
}

export const PENDING_CLAIM: ClaimAnswer = {
  state: 'pending',
  escalation_id: 'e1',
  expires_at: '2030-01-01T00:00:00.000Z',
};

/**
 * Starts one on a free port.
 * @param internalBearer what the plane's apps show each other; everybody else gets 401
 */
export async function startClaimServer(internalBearer: string): Promise<ClaimServer> {
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      if (incoming.url !== CLAIM_PATH || incoming.headers.authorization !== `Bearer ${internalBearer}`) {
        response.writeHead(incoming.url === CLAIM_PATH ? 401 : 404).end();
        return;
      }
      const asked = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ClaimRequest;
      own.claims.push(asked);
      void Promise.resolve(own.answer(asked)).then((said) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own: ClaimServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    claims: [],
    answer: () => PENDING_CLAIM,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return own;
}
