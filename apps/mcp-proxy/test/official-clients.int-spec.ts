import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  describeWithOpa,
  eventually,
  httpServer,
  startTestStdioHost,
  stdioServer,
  workspaceRoot,
  type TestStdioHost,
} from '@behavry/testing';
import { startEverything, type SupervisedUpstream } from './everything';
import { startProxy, type RunningProxy } from './running-proxy';

const EVERYTHING = join(
  workspaceRoot(),
  'node_modules/@modelcontextprotocol/server-everything/dist/index.js',
);

describeWithOpa('official clients through the proxy', () => {
  let proxy: RunningProxy;
  let upstream: SupervisedUpstream;
  let host: TestStdioHost;

  beforeAll(async () => {
    upstream = await startEverything();
    host = await startTestStdioHost({
      commands: [{ command: process.execPath, args: [EVERYTHING, 'stdio'] }],
      // A workspace below a closed home cannot be read by other users.
      env: { BEHAVRY_STDIO_SAME_UID: 'true' },
    });
    proxy = await startProxy({ stdioSocket: host.socket }, [
      httpServer('everything', upstream.url),
      stdioServer('local', process.execPath, [EVERYTHING, 'stdio']),
      stdioServer('forbidden', '/bin/sh', ['-c', 'id']),
    ]);
  }, 120_000);
  afterAll(async () => {
    await proxy.stop();
    await host.stop();
    upstream.stop();
  });

  async function connect(
    server: string,
  ): Promise<{ client: Client; transport: StreamableHTTPClientTransport }> {
    const client = new Client({ name: 'test', version: '1' }, { capabilities: {} });
    const transport = new StreamableHTTPClientTransport(new URL(`${proxy.url}/mcp/v1/${server}`), {
      requestInit: { headers: proxy.bearer('a1') },
    });
    await client.connect(transport);
    return { client, transport };
  }

  it.each(['everything', 'local', 'servers/everything/mcp'])(
    'v1 connects, lists and calls on %s',
    async (server) => {
      const { client, transport } = await connect(server);
      const names = (await client.listTools()).tools.map(({ name }) => name);
      expect(names).toContain('echo');
      expect(names).not.toContain('get-env'); // denied, so hidden
      expect(await client.callTool({ name: 'echo', arguments: { message: 'hello' } })).toMatchObject({
        content: [{ type: 'text', text: 'Echo: hello' }],
      });
      await expect(client.callTool({ name: 'get-env', arguments: {} })).rejects.toMatchObject({
        code: -31403,
        data: {
          reason_code: 'policy_deny',
          policy: 'behavry.base.tests',
          decision_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        },
      });
      expect((await client.listResources()).resources.length).toBeGreaterThan(0);
      expect((await client.listPrompts()).prompts.length).toBeGreaterThan(0);
      await transport.terminateSession();
      await client.close();
    },
    30_000,
  );

  it('progress reaches the client before the answer', async () => {
    const { client } = await connect('everything');
    const steps: number[] = [];
    await client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 4 } },
      undefined,
      {
        onprogress: ({ progress }) => {
          steps.push(progress);
        },
      },
    );
    expect(steps).toEqual([1, 2, 3, 4]);
    await client.close();
  });

  it('progress works over stdio too', async () => {
    const { client } = await connect('local');
    const steps: number[] = [];
    await client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 4 } },
      undefined,
      {
        onprogress: ({ progress }) => {
          steps.push(progress);
        },
      },
    );
    expect(steps).toEqual([1, 2, 3, 4]);
    await client.close();
  });

  it('a result above the size that policy allows is refused', async () => {
    const { client } = await connect('everything');
    await expect(client.callTool({ name: 'get-tiny-image', arguments: {} })).rejects.toMatchObject({
      code: -31403,
      data: { reason_code: 'result_too_large' },
    });
    await client.close();
  });

  it('a command that is not on the list is not started', async () => {
    await expect(connect('forbidden')).rejects.toMatchObject({ code: -31503 });
  });

  it.each(['legacy', 'auto'])(
    'v2 (%s) connects, lists and calls',
    async (era) => {
      const { stdout } = await promisify(execFile)(process.execPath, [
        join(__dirname, 'clients', 'v2-client.mjs'),
        `${proxy.url}/mcp/v1/everything`,
        proxy.issuer.agentToken('a1'),
        era,
      ]);
      const seen = JSON.parse(stdout) as { tools: string[]; echo: unknown; denied: unknown };
      expect(seen.tools).toContain('echo');
      expect(seen.echo).toMatchObject({ content: [{ text: 'Echo: hello' }] });
      expect(seen.denied).toMatchObject({ code: -31403, data: { reason_code: 'policy_deny' } });
    },
    30_000,
  );

  it('every exchange reached the audit queue, in pairs', async () => {
    await eventually(() => {
      const decisions = proxy.entries.filter(({ type }) => type === 'decision');
      const outcomes = new Set(proxy.entries.filter(({ type }) => type === 'outcome').map(({ id }) => id));
      expect(decisions.length).toBeGreaterThan(20);
      expect(decisions.filter(({ id }) => !outcomes.has(id))).toEqual([]);
    });
  });
});
