import { request } from 'undici';
import { describeWithOpa, httpServer, type TestReplica } from '@behavry/testing';
import { answer, startRecordingUpstream, type RecordingUpstream } from './recording-upstream';
import { callTool, initialize, startProxy, type RunningProxy } from './running-proxy';

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

describeWithOpa('limits of two replicas', () => {
  let a: RunningProxy;
  let b: TestReplica;
  let upstream: RecordingUpstream;

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    upstream.behaviour = ({ body }, response) => {
      answer(response, body, { content: [] });
    };
    a = await startProxy({}, [httpServer('rec', upstream.url)]);
    b = await a.replica();
  }, 120_000);
  afterAll(async () => {
    await a.stop();
    await upstream.stop();
  });

  async function post(url: string, body: object, headers: Record<string, string>) {
    const response = await request(`${url}/mcp/v1/rec`, {
      method: 'POST',
      headers: { ...HEADERS, ...headers },
      body: JSON.stringify(body),
    });
    return { headers: response.headers, text: await response.body.text() };
  }

  /** Opens a session in each. @returns makes a call through the one or the other, and says how it ended */
  async function callers(agent: string): Promise<((args?: object) => Promise<string>)[]> {
    return Promise.all(
      [a.url, b.url].map(async (url) => {
        const opened = await post(url, initialize(), a.bearer(agent));
        const session = { ...a.bearer(agent), 'mcp-session-id': String(opened.headers['mcp-session-id']) };
        return async (args: object = {}) => {
          const { text, headers } = await post(url, callTool('echo', args), session);
          if (!text.includes('"error"')) return 'passed';
          expect(text).toContain('-31429');
          return `wait ${String(headers['retry-after'])}`;
        };
      }),
    );
  }

  async function limit(agentPerMinute: number | null): Promise<void> {
    await a.configure({
      rate_limits: { agent_per_minute: agentPerMinute, tenant_per_minute: null, agent_concurrency: null },
    });
  }

  it('are one limit: what the one let through the other does not, and both say when to come back', async () => {
    await limit(4);
    const [inA, inB] = await callers('a1');
    const answers: string[] = [];
    for (let n = 0; n < 3; n++) answers.push(await inA!(), await inB!());
    expect(answers.slice(0, 4)).toEqual(Array(4).fill('passed'));
    // One a quarter of a minute.
    for (const refused of answers.slice(4)) expect(refused).toMatch(/^wait 1[0-5]$/);
  });

  it('are one limit also when calls are taken ahead of need and come at once', async () => {
    await limit(120);
    const [inA, inB] = await callers('a2');
    const begun = performance.now();
    const ended = await Promise.all(Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? inA! : inB!)()));
    const one = 120 + (2 * (performance.now() - begun)) / 1000;
    const passed = ended.filter((how) => how === 'passed').length;
    expect(passed).toBeLessThanOrEqual(one);
    expect(passed).toBeGreaterThan(0.9 * 120);
    expect(ended).toContain('wait 1');
  });

  it('are shown as counted together', async () => {
    expect(a.log.filter((line) => line.includes('counts alone'))).toEqual([]);
    for (const { context } of [a, b])
      expect(await context.metrics.metrics()).toContain('behavry_mcp_proxy_limits_shared 1');
  });
});
