import { HEADERS, INITIALIZE, callBody, isRight } from './calls';
import { percentile } from './figures';
import type { BenchSystem } from './system';

const LONGEST_MS = 30_000;

/**
 * How long it takes from asking for a kill switch until an agent's call is refused by it: the agent calls without a
 * pause, and what is timed begins when the switch is asked for, not when the API has answered.
 * @returns the 99th percentile in ms
 */
export async function measureKillSwitch(system: BenchSystem, samples: number): Promise<number> {
  const agent = await system.agent('to be killed');
  const url = `http://127.0.0.1:${system.portOf('mcp-proxy')}/mcp/v1/bench`;
  const auth = { ...HEADERS, authorization: `Bearer ${agent.token}` };
  const took: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const headers = await openSession(url, auth);
    const begun = performance.now();
    const thrown = system.api<{ id: string }>('POST', '/api/v1/kill-switch', {
      scope: 'agent',
      target: agent.id,
      reason: 'measured',
    });
    for (let id = 1; await isServed(url, headers, id); id += 1)
      if (performance.now() - begun > LONGEST_MS) throw new Error('the kill switch had no effect');
    took.push(performance.now() - begun);
    const { id } = await thrown;
    await system.api('DELETE', `/api/v1/kill-switch/${id}`);
  }
  return percentile(took, 0.99);
}

/** Opens a session once the switch before is lifted, and makes one call in it. */
async function openSession(url: string, auth: Record<string, string>): Promise<Record<string, string>> {
  const deadline = performance.now() + LONGEST_MS;
  while (performance.now() < deadline) {
    const opened = await fetch(url, { method: 'POST', headers: auth, body: INITIALIZE });
    await opened.text();
    const session = opened.headers.get('mcp-session-id');
    if (session === null) continue;
    const headers = { ...auth, 'mcp-session-id': session };
    if (await isServed(url, headers, 1)) return headers;
  }
  throw new Error('the agent was not served again after its kill switch was lifted');
}

async function isServed(url: string, headers: Record<string, string>, id: number): Promise<boolean> {
  const answer = await fetch(url, { method: 'POST', headers, body: callBody(id) });
  const text = await answer.text();
  if (isRight('mcp', id, answer.status, text)) return true;
  if (/kill_switch|-31403|invalid_token|unauthenticated|session/u.test(text) || answer.status === 404)
    return false;
  throw new Error(`neither served nor refused: ${answer.status} ${text.slice(0, 200)}`);
}
