import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Recorded {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Behaviour = (recorded: Recorded, response: ServerResponse, request: IncomingMessage) => void;

/** A server that remembers what reaches it and answers as a test says. */
export interface RecordingUpstream {
  readonly url: string;
  readonly host: string;
  readonly seen: Recorded[];
  /** What a request that is no initialize gets. */
  behaviour: Behaviour;
  /** Holds every initialize back until it is let go. */
  hold(onHeld: (go: () => void) => void): { release(): void };
  stop(): Promise<void>;
}

const INITIALIZED = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: {}, experimental: { kept: {} } },
  serverInfo: { name: 'recorder', version: '1', extra: 'kept' },
  instructions: 'kept',
};

/** @returns the id of a message */
export function idOf(body: string): unknown {
  return (JSON.parse(body) as { readonly id: unknown }).id;
}

/** Answers a request with a result as JSON. */
export function answer(response: ServerResponse, body: string, result: unknown): void {
  const id = idOf(body);
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, result }));
}

/** Begins an event stream; each message is one event. */
export function stream(response: ServerResponse, ...messages: readonly object[]): void {
  response.setHeader('content-type', 'text/event-stream');
  response.flushHeaders();
  for (const message of messages)
    response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
}

export async function startRecordingUpstream(): Promise<RecordingUpstream> {
  const seen: Recorded[] = [];
  let onHeld: ((go: () => void) => void) | undefined;
  const upstream = {
    behaviour: (({ body }, response) => {
      answer(response, body, {});
    }) as Behaviour,
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const recorded = {
        method: request.method ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(recorded);
      if (recorded.body.includes('"initialize"')) {
        const open = (): void => {
          response.setHeader('mcp-session-id', 'upstream-session');
          answer(response, recorded.body, INITIALIZED);
        };
        if (onHeld) onHeld(open);
        else open();
      } else if (recorded.body.includes('"notifications/') || recorded.method === 'DELETE') {
        response.writeHead(202).end();
      } else {
        upstream.behaviour(recorded, response, request);
      }
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url: `http://${host}/mcp?kept=1`,
    host,
    seen,
    get behaviour() {
      return upstream.behaviour;
    },
    set behaviour(behaviour) {
      upstream.behaviour = behaviour;
    },
    hold: (held) => {
      onHeld = held;
      return { release: () => (onHeld = undefined) };
    },
    stop: () =>
      new Promise((stopped) => {
        server.closeAllConnections();
        server.close(() => {
          stopped();
        });
      }),
  };
}
