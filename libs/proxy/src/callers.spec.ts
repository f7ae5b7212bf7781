import { createHash } from 'node:crypto';
import type { AgentEntry, ConfigDocument } from '@behavry/contracts';
import { ConfigView, type Identity } from '@behavry/pipeline';
import { BLAST_RADIUS_DEFAULTS } from '@behavry/domain';
import { Callers } from './callers';

const SECRET = 'c2VjcmV0LW9mLWFuLWFnZW50LWluLXRlc3Rz';
const KEY = `agk_agt_one.${SECRET}`;
const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
const AGENT: AgentEntry = {
  id: 'a1',
  name: 'a1',
  agent_type: 'test',
  status: 'active',
  client_id: 'agt_one',
  secret_sha256: hex(SECRET),
  roles: [],
  permissions: [],
  tokens_not_before: null,
};
const BY_TOKEN: Identity = { agentId: 'a2', sessionId: 's', tenantId: 't', issuedAt: 1 };
const NOON = Date.parse('2026-03-01T12:00:00Z');

function documentOf(agents: readonly AgentEntry[]): ConfigDocument {
  return {
    schema: 1,
    tenant_id: 't1',
    revision: '20260301T000000Z',
    generation: 1,
    suspended: false,
    kill_switches: [],
    agents,
    mcp_servers: [],
    dlp_patterns: [],
    blast_radius: BLAST_RADIUS_DEFAULTS,
    rate_limits: { agent_per_minute: null, tenant_per_minute: null, agent_concurrency: null },
    escalation: { deadline_seconds: { low: 1, medium: 1, high: 1, critical: 1 } },
    data_protection: { payload_mode: 'metadata_only', retention_days: 1 },
  };
}

function callers(agents = [AGENT]) {
  const at = { now: NOON, waits: 0, arrives: undefined as ConfigDocument | undefined };
  const plane = { config: new ConfigView(documentOf(agents)) };
  const options = {
    tokens: { identify: (token: string) => (token === 'jwt' ? BY_TOKEN : undefined) },
    plane,
    now: () => at.now,
    nextConfig: {
      wait: (has: (document: ConfigDocument) => boolean) => {
        at.waits++;
        if (at.arrives && has(at.arrives)) plane.config = new ConfigView(at.arrives);
        return Promise.resolve();
      },
    },
  };
  return { at, plane, callers: new Callers(options), other: new Callers(options) };
}

describe('a caller', () => {
  it('is told by a token as before', () => {
    expect(callers().callers.identify('jwt')).toBe(BY_TOKEN);
    expect(callers().callers.identify('other')).toBeUndefined();
  });

  it('is told by a key whose secret the configuration has, the same in every process', () => {
    const { callers: one, other } = callers();
    const identity = one.identify(KEY);
    expect(identity).toEqual({
      agentId: 'a1',
      tenantId: 't1',
      issuedAt: NOON,
      sessionId: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ) as string,
    });
    expect(other.identify(KEY)).toEqual(identity);
    expect(one.identify(KEY)).toEqual(identity);
  });

  it.each([
    ['another secret', `agk_agt_one.${SECRET}x`],
    ['another agent', `agk_agt_two.${SECRET}`],
    ['no secret', 'agk_agt_one.'],
    ['no client', `agk_.${SECRET}`],
    ['a digest in place of the secret', `agk_agt_one.${hex(SECRET)}`],
    ['a second point', `agk_agt_one.${SECRET}.x`],
    ['another case', KEY.toUpperCase()],
    ['more than a key', `${KEY} `],
    ['far too much', `agk_agt_one.${SECRET.repeat(1000)}`],
  ])('is nobody with %s', (_name, key) => {
    expect(callers().callers.identify(key)).toBeUndefined();
  });

  it('is nobody while the configuration has no real digest for its agent', () => {
    for (const secret of ['', 'zz', '00']) {
      expect(callers([{ ...AGENT, secret_sha256: secret }]).callers.identify(KEY)).toBeUndefined();
    }
  });

  it('has a session a day and a secret', () => {
    const { callers: one, at, plane } = callers();
    const session = one.identify(KEY)?.sessionId;
    at.now = Date.parse('2026-03-01T23:59:59.999Z');
    expect(one.identify(KEY)?.sessionId).toBe(session);
    at.now = Date.parse('2026-03-02T00:00:00Z');
    const next = one.identify(KEY)?.sessionId;
    expect(next).not.toBe(session);
    const rotated = 'YW5vdGhlci1zZWNyZXQtb2YtdGhhdC1hZ2VudA';
    plane.config = new ConfigView(
      documentOf([{ ...AGENT, secret_sha256: hex(rotated), tokens_not_before: '2026-03-02T00:00:01Z' }]),
    );
    expect(one.identify(KEY)).toBeUndefined();
    const fresh = one.identify(`agk_agt_one.${rotated}`);
    expect(fresh?.sessionId).not.toBe(next);
    // What ended the tokens before may lie ahead of this machine's clock.
    expect(fresh?.issuedAt).toBe(Date.parse('2026-03-02T00:00:01Z'));
  });

  it('is waited for when its key is new, and only so often', async () => {
    const { callers: one, at } = callers([]);
    at.arrives = documentOf([AGENT]);
    expect(await one.identifySoon(KEY)).toMatchObject({ agentId: 'a1' });
    for (let index = 0; index < 5; index++)
      expect(await one.identifySoon(`agk_agt_no.${SECRET}`)).toBeUndefined();
    expect(at.waits).toBe(1);
    at.now += 1_000;
    await one.identifySoon(`agk_agt_no.${SECRET}`);
    expect(at.waits).toBe(2);
    at.now += 1_000;
    await one.identifySoon(`${KEY}x`);
    await one.identifySoon('no key');
    expect(at.waits).toBe(2);
    expect(await one.identifySoon('jwt')).toBe(BY_TOKEN);
  });
});
