import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { JSON_RPC } from '@behavry/contracts';
import { PlaneClient } from '../api/plane-client';
import type { RunFile, RunPlane } from '../runner/run-file';
import { Approvals } from './approvals';
import { askVerify, readAudit, recomputeChain } from './audit-steps';
import { McpSession, toolNamesOfModernClient, type CallOutcome } from './mcp-session';
import { modelSteps } from './model-steps';
import { promise, Steps } from './steps';

/** The key that AWS prints in its own documentation: looks like a secret, is none. */
const EXAMPLE_SECRET = 'AKIAIOSFODNN7EXAMPLE';

interface Agent {
  readonly agent_id: string;
  readonly client_id: string;
  readonly client_secret: string;
}

/** Goes through everything that a governed agent meets. @returns exit code */
async function demo(root: string): Promise<number> {
  const { values } = parseArgs({ options: { 'data-dir': { type: 'string', default: '.behavry' } } });
  const dataDir = resolve(root, values['data-dir']);
  const { control, data } = runningPlanes(dataDir);
  const begun = performance.now();
  const steps = new Steps();
  const admin = await PlaneClient.signIn(control.url, control.admin.username, control.admin.password);
  const approver = await PlaneClient.signIn(data.url, data.admin.username, data.admin.password);
  let agent: Agent | undefined;
  let token = '';

  await steps.step('An agent is enrolled on the control plane', async () => {
    agent = await enrol(admin);
    return `agent ${agent.agent_id}, client ${agent.client_id}`;
  });
  await steps.step('It takes a token on the data plane', async () => {
    promise(agent !== undefined, 'there is no agent');
    const { client_id, client_secret } = agent;
    const body = { grant_type: 'client_credentials', client_id, client_secret };
    const answer = await PlaneClient.anonymous(data.url).call<{
      access_token: string;
      expires_in: number;
      risk_tier: string;
    }>('POST', '/api/v1/auth/token', body);
    token = answer.access_token;
    return `valid ${answer.expires_in} s, risk tier ${answer.risk_tier}`;
  });
  await mcpSteps(steps, { dataUrl: data.url, token, scratch: join(dataDir, 'scratch'), approver });
  await modelSteps(steps, { dataUrl: data.url, token, agentId: agent?.agent_id ?? '', admin });
  await steps.step('Every exchange is in the audit record', () => readAudit(approver, agent?.agent_id ?? ''));
  await steps.step('The data plane verifies its own record', () => askVerify(approver));
  await steps.step('The chain, recomputed here from the export, holds', () => recomputeChain(approver));
  const verdict =
    steps.failed === 0 ? 'Everything was as promised' : `${steps.failed} steps were not as promised`;
  process.stdout.write(`\n${verdict} (${((performance.now() - begun) / 1000).toFixed(1)} s).\n`);
  return steps.failed === 0 ? 0 : 1;
}

function runningPlanes(dataDir: string): { control: RunPlane; data: RunPlane } {
  let run: RunFile;
  try {
    run = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as RunFile;
  } catch {
    throw new Error(`Nothing runs with ${dataDir}. Start it first: npm start (with the same --data-dir).`);
  }
  const { control, data } = run.planes;
  if (!control || !data)
    throw new Error(
      `The demo needs both planes; ${run.mode} has one. Use npm start, or npm start -- --mode pair.`,
    );
  if (run.demo.mcp_servers.length === 0)
    throw new Error('There is no demo content. Start without --no-demo.');
  return { control, data };
}

async function enrol(admin: PlaneClient): Promise<Agent> {
  const { token } = await admin.call<{ token: string }>('POST', '/api/v1/enrollment/tokens', {
    label: 'npm run demo',
  });
  return PlaneClient.anonymous(admin.url).call<Agent>('POST', '/api/v1/enroll', {
    token,
    name: `demo-${Date.now()}`,
    agent_type: 'demo',
  });
}

interface McpStage {
  readonly dataUrl: string;
  readonly token: string;
  readonly scratch: string;
  readonly approver: PlaneClient;
}

async function mcpSteps(steps: Steps, { dataUrl, token, scratch, approver }: McpStage): Promise<void> {
  const url = (server: string): string => `${dataUrl}/mcp/v1/${server}`;
  let files: McpSession | undefined;
  let tools: string[] = [];
  await steps.step('It lists the tools of an MCP server; what is denied is not shown', async () => {
    files = await McpSession.connect(url('files'), token);
    tools = await files.toolNames();
    promise(tools.includes('read_text_file') && !tools.includes('move_file'), tools.join(', '));
    return tools.join(', ');
  });
  await steps.step('The newer official client sees the same tools', async () => {
    const seen = await toolNamesOfModernClient(url('files'), token);
    promise(JSON.stringify(seen) === JSON.stringify(tools), seen.join(', '));
    return `${seen.length} tools`;
  });
  const call = async (name: string, args: Record<string, unknown>): Promise<CallOutcome> => {
    promise(files !== undefined, 'there is no connection');
    return files.call(name, args);
  };
  await steps.step('A call that policy allows reaches the tool', async () => {
    const outcome = await call('read_text_file', { path: join(scratch, 'hello.txt') });
    promise(outcome.ok && outcome.text.includes('Hello'), JSON.stringify(outcome));
    return outcome.text;
  });
  await steps.step('A call that policy denies does not', async () => {
    return denied(
      await call('move_file', { source: join(scratch, 'hello.txt'), destination: join(scratch, 'gone.txt') }),
    );
  });
  await steps.step('A secret in an argument is stopped', async () => {
    const everything = await McpSession.connect(url('everything'), token);
    const outcome = await everything.call('echo', { message: `the key is ${EXAMPLE_SECRET}` });
    await everything.close();
    return denied(outcome);
  });
  const approvals = new Approvals(approver);
  const write = (name: string): { call: () => Promise<CallOutcome>; isWritten: () => boolean } => {
    const path = join(scratch, name);
    const content = `written ${new Date().toISOString()}\n`;
    return {
      call: () => call('write_file', { path, content }),
      isWritten: () => readFileSync(path, 'utf8') === content,
    };
  };
  await steps.step('A call that needs a person is held, approved meanwhile, and made', async () => {
    const note = write('note.txt');
    const cameBack = await approvals.whileHeld(note.call);
    promise(note.isWritten(), 'the file does not hold what was written');
    return cameBack;
  });
  await steps.step('One that nobody decides in time is told so; approved later it is made once', async () => {
    const note = write('later.txt');
    const cameBack = await approvals.afterwards(note.call);
    promise(note.isWritten(), 'the file does not hold what was written');
    return cameBack;
  });
  await files?.close();
}

function denied(outcome: CallOutcome): string {
  promise(!outcome.ok && outcome.code === JSON_RPC.denied, JSON.stringify(outcome));
  return `${outcome.code} ${String(outcome.data['reason_code'])}: ${String(outcome.data['reason'])}`;
}

void demo(process.env['BEHAVRY_ROOT'] ?? process.cwd()).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
