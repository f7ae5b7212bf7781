import { createServer } from 'node:http';
import { Pool } from 'undici';

/** The floor: `node:http` in, an undici pool out, nothing else. */
const [port, target] = process.argv.slice(2);
const upstream = new URL(target ?? '');
const pool = new Pool(upstream.origin, { connections: 64 });

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  pool.stream(
    {
      path: request.url ?? '/',
      method: request.method as 'POST',
      headers: {
        'content-type': request.headers['content-type'] ?? '',
        accept: request.headers.accept ?? '',
        'content-length': request.headers['content-length'] ?? '0',
      },
      body: request,
    },
    ({ statusCode, headers }) => {
      for (const name of ['content-type', 'content-length', 'mcp-session-id']) {
        const value = headers[name];
        if (value !== undefined) response.setHeader(name, value);
      }
      response.writeHead(statusCode);
      return response;
    },
    (error) => {
      if (error) response.destroy();
    },
  );
});
server.listen(Number(port), '127.0.0.1', () => console.log('ready'));
