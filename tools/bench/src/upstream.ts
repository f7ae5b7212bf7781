import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { apiOf, DIALECTS, stamp, type Api } from './models';

/** The cheapest process that speaks MCP over Streamable HTTP and four model APIs: what stands before it is measured. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'POST') {
    response.writeHead(405).end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as McpMessage & Record<string, unknown>;
    const api = apiOf(request.url ?? '');
    if (api) complete(api, request.url ?? '', body, response);
    else answerMessage(body, response);
  });
}

interface McpMessage {
  readonly id?: number | string;
  readonly method: string;
  readonly params?: { readonly arguments?: { readonly message?: string } };
}

function answerMessage({ id, method, params }: McpMessage, response: ServerResponse): void {
  if (id === undefined) {
    response.writeHead(202).end();
    return;
  }
  const result = resultOf(method, params?.arguments?.message ?? '');
  const session = method === 'initialize' ? { 'mcp-session-id': 'bench-session' } : {};
  send(response, { jsonrpc: '2.0', id, result }, session);
}

function resultOf(method: string, message: string): object {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'bench', version: '1' },
      };
    case 'tools/list':
      return { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] };
    case 'tools/call':
      return { content: [{ type: 'text', text: message }] };
    default:
      return {};
  }
}

/** Of a paced stream, and how long such a model thinks first: faster than any. */
const PACE_MS = 20;
const FIRST_MS = 60;

function complete(
  api: Api,
  path: string,
  body: Readonly<Record<string, unknown>>,
  response: ServerResponse,
): void {
  const dialect = DIALECTS[api];
  const { model, chunks } = dialect.wanted(path, body);
  if (chunks === 0) {
    send(response, dialect.whole());
    return;
  }
  const isPaced = model.endsWith('-paced');
  response.writeHead(200, { 'content-type': dialect.type });
  const { begin, piece, end } = dialect.frames(isPaced ? stamp : undefined);
  let sent = 0;
  // A chunk a turn of the loop, so that each is a write of its own, as a model's are.
  const next = (): void => {
    if (response.destroyed) return;
    if (sent === chunks) {
      response.end(end);
      return;
    }
    sent += 1;
    response.write(sent === 1 ? begin + piece() : piece());
    if (model.endsWith('-held')) return;
    if (isPaced) setTimeout(next, PACE_MS);
    else setImmediate(next);
  };
  if (isPaced) setTimeout(next, FIRST_MS);
  else next();
}

function send(
  response: ServerResponse,
  answered: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = JSON.stringify(answered);
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

const server = createServer({ keepAliveTimeout: 60_000 }, answer);
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
