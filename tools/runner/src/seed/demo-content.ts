import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiError, PlaneClient } from '../api/plane-client';
import type { RunnerSecrets } from '../runner/secrets';

/** MCP servers of the demo, by id. */
export const DEMO_SERVERS = ['everything', 'files'] as const;

/** What the demo's content is made from. */
export interface DemoContentOptions {
  readonly root: string;
  readonly dataDir: string;
  /** The demo's MCP server, as the data plane reaches it. */
  readonly everythingUrl: string;
  /** How stdio-host starts the server of the scratch folder, which is the argument after these. */
  readonly filesCommand: { readonly command: string; readonly args: readonly string[] };
  readonly secrets: RunnerSecrets;
}

interface PolicyView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly etag?: string;
}

/**
 * Makes the demo's servers, policies and agent through the public API of the control side, as a person
 * would. What is there already stays; what changed in the project is brought up to date.
 */
export async function makeDemoContent(control: PlaneClient, options: DemoContentOptions): Promise<void> {
  makeScratch(join(options.dataDir, 'scratch'));
  await registerServers(control, options);
  await publishPolicies(control, options);
  await enrolAgent(control, options.secrets);
  await widenLimits(control);
}

/** Room for whoever plays with the demo; limits that somebody has set stay. */
async function widenLimits(control: PlaneClient): Promise<void> {
  const limits = { agent_per_minute: 60_000, tenant_per_minute: 600_000, agent_concurrency: 256 };
  try {
    await control.call('PUT', '/api/v1/rate-limits', limits, { 'if-match': '"0"' });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 412)) throw error;
  }
}

function makeScratch(folder: string): void {
  mkdirSync(folder, { recursive: true });
  // Servers run under users of their own, and each plane has other ones: no sticky bit, so that one plane's
  // server may replace what another's has written.
  chmodSync(folder, 0o777);
  const hello = join(folder, 'hello.txt');
  if (!existsSync(hello)) writeFileSync(hello, 'Hello from the scratch folder.\n');
}

async function registerServers(
  control: PlaneClient,
  { dataDir, everythingUrl, filesCommand }: DemoContentOptions,
): Promise<void> {
  const wanted = [
    {
      id: 'everything',
      name: 'Demo: one of everything',
      transport: 'streamable-http',
      url: everythingUrl,
      enabled: true,
    },
    {
      id: 'files',
      name: 'Demo: scratch folder',
      transport: 'stdio',
      command: filesCommand.command,
      args: [...filesCommand.args, join(dataDir, 'scratch')],
      enabled: true,
    },
  ];
  for (const server of wanted) {
    const known = await found<Record<string, unknown>>(control, `/api/v1/mcp-servers/${server.id}`);
    if (!known) await control.call('POST', '/api/v1/mcp-servers', server);
    else if (
      Object.entries(server).some(([key, value]) => JSON.stringify(known[key]) !== JSON.stringify(value))
    ) {
      await control.call('PUT', `/api/v1/mcp-servers/${server.id}`, server, ifMatch(known));
    }
  }
}

async function publishPolicies(control: PlaneClient, { root, secrets }: DemoContentOptions): Promise<void> {
  const folder = join(root, 'tools/runner/demo');
  const { policies } = await control.call<{ policies: PolicyView[] }>('GET', '/api/v1/policies?limit=500');
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.rego'))) {
    const name = file.replace(/\.rego$/u, '');
    const content = readFileSync(join(folder, file), 'utf8');
    const digest = createHash('sha256').update(content).digest('hex');
    const known = policies.find((policy) => policy.name === name);
    if (known?.status === 'active' && secrets.kept.demo_policies[name] === digest) continue;
    const id = known ? await rewrite(control, known, content) : await create(control, name, content);
    await control.call('POST', `/api/v1/policies/${id}/activate`, {});
    secrets.keep({ demo_policies: { ...secrets.kept.demo_policies, [name]: digest } });
  }
}

async function create(control: PlaneClient, name: string, content: string): Promise<string> {
  const description = 'Part of the demo content of npm start.';
  const policy = await control.call<PolicyView>('POST', '/api/v1/policies', {
    name,
    description,
    category: 'base',
    content,
  });
  return policy.id;
}

async function rewrite(control: PlaneClient, { id, name }: PolicyView, content: string): Promise<string> {
  const now = await control.call<Record<string, unknown>>('GET', `/api/v1/policies/${id}`);
  const { description, category } = now;
  if (now['content'] !== content) {
    await control.call(
      'PUT',
      `/api/v1/policies/${id}`,
      { name, description, category, content },
      ifMatch(now),
    );
  }
  return id;
}

async function enrolAgent(control: PlaneClient, secrets: RunnerSecrets): Promise<void> {
  const kept = secrets.kept.demo_agent;
  if (kept && (await found(control, `/api/v1/agents/${kept.agent_id}`))) return;
  const { token } = await control.call<{ token: string }>('POST', '/api/v1/enrollment/tokens', {
    label: 'Demo agent',
  });
  const agent = await PlaneClient.anonymous(control.url).call<{
    agent_id: string;
    client_id: string;
    client_secret: string;
  }>('POST', '/api/v1/enroll', { token, name: 'demo-agent', agent_type: 'demo' });
  const { agent_id, client_id, client_secret } = agent;
  secrets.keep({ demo_agent: { agent_id, client_id, client_secret } });
}

async function found<T>(control: PlaneClient, path: string): Promise<T | undefined> {
  try {
    return await control.call<T>('GET', path);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function ifMatch(read: Readonly<Record<string, unknown>>): Record<string, string> {
  return typeof read['etag'] === 'string' ? { 'if-match': read['etag'] } : {};
}
