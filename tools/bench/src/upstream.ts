import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** The cheapest process that speaks MCP over Streamable HTTP: what is measured is what stands before it. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'POST') {
    response.writeHead(405).end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
      id?: number | string;
      method: string;
      params?: { arguments?: { message?: string } };
    };
    if (id === undefined) {
      response.writeHead(202).end();
      return;
    }
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id,
      result: resultOf(method, params?.arguments?.message ?? ''),
    });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(method === 'initialize' ? { 'mcp-session-id': 'bench-session' } : {}),
    });
    response.end(body);
  });
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

const server = createServer({ keepAliveTimeout: 60_000 }, answer);
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
