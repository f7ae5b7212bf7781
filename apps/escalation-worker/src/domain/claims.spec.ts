import type { ClaimRequest } from '@behavry/contracts';
import { claimKeyOf } from './claim-key';
import { isClaimRequest, shownTarget } from './claim-request';
import { deadlineOf } from './deadline';

const CLAIM: ClaimRequest = {
  decision_id: 'd',
  tenant_id: 't',
  agent_id: 'a',
  session_id: 's',
  kind: 'mcp',
  server: 'files',
  server_digest: 'd1',
  tool: 'write_file',
  action: 'write',
  target: { class: 'path', key: 'ab', shown: '/x' },
  arguments_digest: 'sha256:1',
  arguments: {},
  beside: null,
  policy: 'p',
  policy_id: 'i',
  policy_version: 1,
  reason: 'r',
  risk_tier: 'low',
  hold_ms: 0,
};

describe('a claim', () => {
  it.each([
    ['agent_id', 'b'],
    ['server', 'other'],
    ['tool', 'read_file'],
    ['arguments_digest', 'sha256:2'],
    ['policy', 'q'],
    ['policy_id', 'j'],
    ['policy_version', 2],
    ['server_digest', 'd2'],
    ['tenant_id', 'u'],
    ['kind', 'llm'],
  ] as const)('is another call when its %s differs', (field, value) => {
    expect(claimKeyOf({ ...CLAIM, [field]: value })).not.toBe(claimKeyOf(CLAIM));
  });

  it('is the same call in a new session, and with another decision id', () => {
    expect(claimKeyOf({ ...CLAIM, session_id: 'new', decision_id: 'new' })).toBe(claimKeyOf(CLAIM));
  });

  it.each([
    null,
    [],
    {},
    { ...CLAIM, kind: 'x' },
    { ...CLAIM, hold_ms: -1 },
    { ...CLAIM, tool: 1 },
    { ...CLAIM, policy_version: 1.5 },
    { ...CLAIM, server_digest: undefined },
    { ...CLAIM, target: '/x' },
    { ...CLAIM, risk_tier: 'x' },
  ])('is refused when it is %j', (body) => expect(isClaimRequest(body)).toBe(false));

  it('is understood when whole', () => {
    expect(isClaimRequest(CLAIM)).toBe(true);
    expect(isClaimRequest({ ...CLAIM, target: null, risk_tier: 'unknown' })).toBe(true);
  });

  it('shows of its target what may be shown, else what kind it is', () => {
    expect(shownTarget(CLAIM.target)).toBe('/x');
    expect(shownTarget({ class: 'query', key: 'ab', shown: null })).toBe('query:ab');
    expect(shownTarget(null)).toBeNull();
  });
});

describe('the deadline', () => {
  it.each([
    ['low', 86_400],
    ['medium', 14_400],
    ['high', 1_800],
    ['critical', 300],
    ['unknown', 1_800],
  ] as const)('of tier %s is %d s away', (tier, seconds) =>
    expect(deadlineOf(0, tier, undefined)).toEqual(new Date(seconds * 1000)),
  );

  it("is the tenant's own when there is one", () => {
    expect(deadlineOf(0, 'low', { deadline_seconds: { low: 1, medium: 2, high: 3, critical: 4 } })).toEqual(
      new Date(1000),
    );
  });
});
