import { chmodSync, copyFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { StdioStartAnswer, StdioStartRequest } from '@behavry/contracts';
import { readFirstLine } from '@behavry/platform';
import { tempDir } from '@behavry/testing';

const folder = tempDir('probe-');
/** The probe where any user can read it. */
export const PROBE = join(folder, 'probe-server.cjs');
copyFileSync(join(__dirname, 'probe-server.cjs'), PROBE);
chmodSync(PROBE, 0o644);

export const PROBE_COMMAND = { command: process.execPath, args: [PROBE] };

/** What a registered server would ask for. */
export function startRequest(changes: Partial<StdioStartRequest> = {}): StdioStartRequest {
  return { server_id: 'probe', ...PROBE_COMMAND, env: {}, ...changes };
}

/** A connection to stdio-host, as mcp-proxy makes one. */
export class ProbeConnection {
  readonly #lines: AsyncIterator<string>;
  readonly closed: Promise<void>;

  private constructor(
    readonly socket: Socket,
    reader: Interface,
  ) {
    this.#lines = reader[Symbol.asyncIterator]();
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** @returns the connection, or why the server was not started */
  static async open(
    path: string,
    request: StdioStartRequest | string = startRequest(),
  ): Promise<ProbeConnection | string> {
    const socket = connect({ path, allowHalfOpen: true });
    socket.on('error', () => undefined);
    socket.write(`${typeof request === 'string' ? request : JSON.stringify(request)}\n`);
    const answer = JSON.parse(await readFirstLine(socket, 100_000, 10_000)) as StdioStartAnswer;
    if (answer.ok) return new ProbeConnection(socket, createInterface(socket));
    socket.destroy();
    return answer.fault;
  }

  /** Lets the server do something. @returns what it says */
  async ask(action: string, more: object = {}): Promise<unknown> {
    this.socket.write(`${JSON.stringify({ do: action, ...more })}\n`);
    const { value, done } = await this.#lines.next();
    return done === true ? undefined : (JSON.parse(value) as unknown);
  }

  /** Ends the input and waits for the end of the output. */
  async end(): Promise<void> {
    this.socket.resume().end();
    await this.closed;
  }
}

/** @throws Error with the refusal */
export async function probe(path: string, request = startRequest()): Promise<ProbeConnection> {
  const opened = await ProbeConnection.open(path, request);
  if (typeof opened === 'string') throw new Error(opened);
  return opened;
}
