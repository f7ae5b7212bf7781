import { HEADERS, INITIALIZE, callBody } from './calls';
import { percentile } from './figures';
import { toolPolicy } from './policies';
import type { BenchSystem } from './system';

/**
 * How long it takes from saving an edit until a call is judged by it: a policy is switched between allow
 * and deny, and calls follow each other until one shows the new verdict.
 */
export async function measureEdits(
  system: BenchSystem,
  token: string,
  samples: number,
): Promise<{ readonly p50: number; readonly p99: number; readonly samples: number }> {
  const name = 'edited';
  const url = `${system.url}/mcp/v1/bench`;
  const auth = { ...HEADERS, authorization: `Bearer ${token}` };
  const opened = await fetch(url, { method: 'POST', headers: auth, body: INITIALIZE });
  await opened.text();
  const headers = { ...auth, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  const isAllowed = async (): Promise<boolean> => {
    const answer = await fetch(url, { method: 'POST', headers, body: callBody(1, 'edited-tool') });
    return (await answer.text()).includes('"result"');
  };
  const id = await system.activate(name, toolPolicy(name, 'edited-tool', 'deny'));
  const took: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const verdict = sample % 2 === 0 ? 'allow' : 'deny';
    await system.api('PUT', `/api/v1/policies/${id}`, {
      name,
      description: 'measured',
      category: 'base',
      content: toolPolicy(name, 'edited-tool', verdict),
    });
    const begun = performance.now();
    const activated = system.api('POST', `/api/v1/policies/${id}/activate`, {});
    while ((await isAllowed()) !== (verdict === 'allow'))
      if (performance.now() - begun > 60_000) throw new Error('an edit was not enforced within a minute');
    took.push(performance.now() - begun);
    await activated;
  }
  await system.api('POST', `/api/v1/policies/${id}/archive`, {});
  return { p50: percentile(took, 0.5), p99: percentile(took, 0.99), samples };
}
