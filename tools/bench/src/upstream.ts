import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { CHUNK, PAYLOAD } from './calls';

/** The cheapest process that speaks MCP over Streamable HTTP and OpenAI's chat completions: what stands before it is measured. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'POST') {
    response.writeHead(405).end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as McpMessage & ChatRequest;
    if (body.messages !== undefined) complete(body, response);
    else answerMessage(body, response);
  });
}

interface McpMessage {
  readonly id?: number | string;
  readonly method: string;
  readonly params?: { readonly arguments?: { readonly message?: string } };
}

interface ChatRequest {
  readonly messages?: unknown;
  readonly stream?: boolean;
  readonly max_tokens?: number;
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

const ABOUT = { id: 'c', created: 1, model: 'bench-model' };

function complete({ stream = false, max_tokens: count = 0 }: ChatRequest, response: ServerResponse): void {
  if (!stream) {
    send(response, {
      ...ABOUT,
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: PAYLOAD }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 200, completion_tokens: 200, total_tokens: 400 },
    });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({ ...ABOUT, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  let sent = 0;
  // A chunk a turn of the loop, so that each is a write of its own, as a model's are.
  const next = (): void => {
    if (response.destroyed) return;
    if (sent === count) {
      response.end(`${event({}, 'stop')}data: [DONE]\n\n`);
      return;
    }
    sent += 1;
    response.write(event(sent === 1 ? { role: 'assistant', content: CHUNK } : { content: CHUNK }, null));
    setImmediate(next);
  };
  next();
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
