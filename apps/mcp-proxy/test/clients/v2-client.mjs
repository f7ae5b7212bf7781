// Drives the official v2 client: `node v2-client.mjs <url> <token> <legacy|auto>`; prints what it saw as JSON.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const [url, token, era] = process.argv.slice(2);
const client = new Client(
  { name: 'test', version: '1' },
  era === 'auto' ? { versionNegotiation: { mode: 'auto' } } : {},
);
const transport = new StreamableHTTPClientTransport(new URL(url), {
  requestInit: { headers: { authorization: `Bearer ${token}` } },
});
const attempt = async (work) => {
  try {
    return await work();
  } catch (error) {
    return { code: error.code, message: error.message, data: error.data };
  }
};
await client.connect(transport);
const seen = {
  server: client.getServerVersion()?.name,
  tools: (await client.listTools()).tools.map(({ name }) => name),
  echo: await attempt(() => client.callTool({ name: 'echo', arguments: { message: 'hello' } })),
  denied: await attempt(() => client.callTool({ name: 'get-env', arguments: {} })),
};
await client.close();
process.stdout.write(JSON.stringify(seen));
