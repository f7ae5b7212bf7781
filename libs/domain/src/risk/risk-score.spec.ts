import fc from 'fast-check';
import { isAgentDenial } from './blame';
import { NO_ACTIVITY, withEvents, type AgentActivity } from './activity';
import { denialAlertFor } from './denial-alert';
import { assessRisk, RISK_WEIGHTS, settleScore, tierOf } from './risk-score';

const MINUTE = 60_000;
const NOW = 1_800_000_000_000;

function activity(allowed: number, denied: number, base: AgentActivity = NO_ACTIVITY): AgentActivity {
  const events = Array.from({ length: allowed + denied }, (_, index) => ({
    atMs: NOW,
    isDenial: index < denied,
  }));
  return withEvents(base, events, NOW);
}

describe('risk score', () => {
  it('has weights that make a whole', () => {
    expect(Object.values(RISK_WEIGHTS).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1);
  });

  it('is zero for a quiet agent and names every part', () => {
    const { score, tier, parts } = assessRisk(activity(20, 0), NOW);
    expect({ score, tier }).toEqual({ score: 0, tier: 'low' });
    expect(parts.map(({ name }) => name).sort()).toEqual(Object.keys(RISK_WEIGHTS).sort());
    expect(parts.find(({ name }) => name === 'anomalies')).toMatchObject({
      value: 0,
      evidence: 'not measured yet',
    });
  });

  it("reaches the medium tier when half of an agent's calls are denied", () => {
    const { score, tier, parts } = assessRisk(activity(10, 10), NOW);
    expect({ score, tier }).toEqual({ score: 25, tier: 'medium' });
    expect(parts[0]).toMatchObject({ value: 100, evidence: '10 of 20 calls denied in 15 minutes' });
  });

  it('says little about an agent that has made few calls', () => {
    expect(assessRisk(activity(0, 2), NOW).score).toBe(5);
  });

  it('rises with volume far above the usual', () => {
    expect(assessRisk(activity(150, 0), NOW).score).toBe(0);
    expect(assessRisk(activity(1000, 0), NOW).score).toBe(15);
    let busy = NO_ACTIVITY;
    for (let minute = 60; minute > 0; minute--) {
      const at = NOW - minute * MINUTE;
      busy = withEvents(
        busy,
        Array.from({ length: 1000 }, () => ({ atMs: at, isDenial: false })),
        at,
      );
    }
    expect(assessRisk(activity(1000, 0, busy), NOW).score).toBe(0);
  });

  it('stays between 0 and 100 and never falls when a denial is added', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 3000 }), (allowed, denied) => {
        const { score } = assessRisk(activity(allowed, denied), NOW);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(100);
        expect(assessRisk(activity(allowed, denied + 1), NOW).score).toBeGreaterThanOrEqual(score);
      }),
      { numRuns: 30 },
    );
  });

  it('is worse at once and better slowly', () => {
    expect(settleScore(10, 60, 0)).toBe(60);
    expect(settleScore(60, 0, 10 * MINUTE)).toBeCloseTo(30);
    expect(settleScore(60, 0, 0)).toBe(60);
    expect(settleScore(60, 0, 24 * 60 * MINUTE)).toBe(0);
  });

  it('has its tiers at 25, 50 and 75', () => {
    expect([0, 24.9, 25, 49.9, 50, 74.9, 75, 100].map(tierOf)).toEqual([
      'low',
      'low',
      'medium',
      'medium',
      'high',
      'high',
      'critical',
      'critical',
    ]);
  });
});

describe('denials', () => {
  it('blame the agent only for what it brought on itself', () => {
    expect(isAgentDenial('deny', 'policy_deny')).toBe(true);
    expect(isAgentDenial('deny', 'dlp_blocked')).toBe(true);
    expect(isAgentDenial('deny', 'opa_unreachable')).toBe(false);
    expect(isAgentDenial('deny', 'kill_switch')).toBe(false);
    expect(isAgentDenial('escalate', 'escalation_pending')).toBe(false);
  });

  it('raise an alert from half of ten calls on', () => {
    const window = { minutes: 15, peak: 0 };
    expect(denialAlertFor({ ...window, calls: 9, denials: 9 })).toBeUndefined();
    expect(denialAlertFor({ ...window, calls: 10, denials: 4 })).toBeUndefined();
    expect(denialAlertFor({ ...window, calls: 10, denials: 5 })?.severity).toBe('medium');
    expect(denialAlertFor({ ...window, calls: 10, denials: 9 })).toEqual({
      severity: 'high',
      summary: '9 of 10 calls denied in 15 minutes',
    });
  });
});
