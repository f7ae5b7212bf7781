import { connect, type Socket } from 'node:net';
import {
  STDIO_FIRST_LINE_MAX_BYTES,
  type StdioStartAnswer,
  type StdioStartRequest,
} from '@behavry/contracts';
import { readFirstLine } from '@behavry/platform';
import { UpstreamSetupError } from './upstream-session';

const ANSWER_MS = 10_000;

/**
 * Asks stdio-host to start a server.
 * @param path stdio-host's unix socket
 * @returns the connection that is the server's input and output, paused
 * @throws UpstreamSetupError with what stdio-host said, or that it is not there
 */
export async function startThroughHost(path: string, request: StdioStartRequest): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true });
  // Faults of the first line are told by reading it, later ones by the connection's end.
  socket.on('error', () => undefined);
  let answer: StdioStartAnswer;
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    answer = JSON.parse(
      await readFirstLine(socket, STDIO_FIRST_LINE_MAX_BYTES, ANSWER_MS),
    ) as StdioStartAnswer;
  } catch (cause) {
    socket.destroy();
    throw new UpstreamSetupError(`stdio-host does not answer at ${path}; is it running?`, { cause });
  }
  if (answer.ok) return socket;
  socket.destroy();
  throw new UpstreamSetupError(`stdio-host did not start server ${request.server_id}: ${answer.fault}`);
}
