import { randomBytes } from 'node:crypto';
import { Agent, request } from 'undici';
import { callBody, HEADERS, INITIALIZE } from './calls';

/** One agent that does its worst, until it is ended: everything that is slow to read, to scan or to hold. */
const [url = '', token = ''] = process.argv.slice(2);
const dispatcher = new Agent({ connections: 24, headersTimeout: 30_000 });
const auth = { ...HEADERS, authorization: `Bearer ${token}` };

const call = (text: string): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'echo', arguments: { message: text } },
  });

const WORST: readonly string[] = [
  call(randomBytes(48 * 1024).toString('base64')),
  call('a'.repeat(64 * 1024)),
  call('eyJhbGciOi'.repeat(6_000)),
  call('4111 1111 1111 111'.repeat(3_000)),
  call('a@'.repeat(30_000)),
  call('{"a":'.repeat(20_000)),
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":${'{"a":'.repeat(50)}1${'}'.repeat(50)}}}`,
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: 'echo',
      arguments: Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, at])),
    },
  }),
  call('x'.repeat(4 * 1024 * 1024)),
  // Passes undecided, and is small enough to be read in the event loop.
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/list',
    params: { _meta: { note: 'ignore all '.repeat(1_400) } },
  }),
  callBody(1, 'no-such-tool'),
  INITIALIZE,
  'no json',
];

async function worker(first: number): Promise<never> {
  let session: Record<string, string> = {};
  for (let turn = first; ; turn += 1) {
    const body = WORST[turn % WORST.length] ?? '';
    try {
      const answer = await request(url, {
        method: 'POST',
        headers: { ...auth, ...session },
        body,
        dispatcher,
      });
      await answer.body.dump();
      const opened = answer.headers['mcp-session-id'];
      if (typeof opened === 'string') session = { 'mcp-session-id': opened };
    } catch {
      session = {};
    }
  }
}

for (let at = 0; at < 24; at += 1) void worker(at);
console.log('ready');
