import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CLAIM_PATH,
  STANDING_PATH,
  type ClaimAnswer,
  type ClaimRequest,
  type Standing,
  type StandingRequest,
} from '@behavry/contracts';

/** In the place of escalation-worker: keeps what it is asked and answers as the test says. */
export interface ClaimServer {
  readonly url: string;
  /** Everything that was asked, oldest first. */
  readonly claims: ClaimRequest[];
  /** The next answers; pending when a test says nothing. */
  answer: (request: ClaimRequest) => ClaimAnswer | Promise<ClaimAnswer>;
  /** How escalations stand; pending when a test says nothing. */
  standing: (request: StandingRequest) => readonly Standing[] | Promise<readonly Standing[]>;
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
      const isStanding = incoming.url === STANDING_PATH;
      const isKnown = isStanding || incoming.url === CLAIM_PATH;
      if (!isKnown || incoming.headers.authorization !== `Bearer ${internalBearer}`) {
        response.writeHead(isKnown ? 401 : 404).end();
        return;
      }
      const asked: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      void Promise.resolve(
        isStanding ? stands(asked as StandingRequest) : answers(asked as ClaimRequest),
      ).then((said) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
      });
    });
  });
  const stands = async (asked: StandingRequest): Promise<object> => ({ states: await own.standing(asked) });
  const answers = (asked: ClaimRequest): ClaimAnswer | Promise<ClaimAnswer> => {
    own.claims.push(asked);
    return own.answer(asked);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own: ClaimServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    claims: [],
    answer: () => PENDING_CLAIM,
    standing: ({ escalation_ids: ids }) => ids.map(() => 'pending'),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return own;
}
