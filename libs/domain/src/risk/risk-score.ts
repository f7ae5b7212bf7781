import type { RiskScore, RiskTier } from '@behavry/contracts';
import { windowOf, type AgentActivity } from './activity';

export type RiskPartName =
  'denial_rate' | 'anomalies' | 'volume' | 'new_resources' | 'session_behavior' | 'escalation_outcomes';

/** One part of a score, with what it is founded on. */
export interface RiskPart {
  readonly name: RiskPartName;
  /** Share of the whole, 0–1; those of all parts sum to 1. */
  readonly weight: number;
  /** 0–100. */
  readonly value: number;
  readonly evidence: string;
}

export interface RiskAssessment extends RiskScore {
  readonly parts: readonly RiskPart[];
}

/** Shares of the parts (semantics: behaviour and risk). */
export const RISK_WEIGHTS: Readonly<Record<RiskPartName, number>> = {
  denial_rate: 0.25,
  anomalies: 0.2,
  volume: 0.15,
  new_resources: 0.15,
  session_behavior: 0.15,
  escalation_outcomes: 0.1,
};

export const DENIAL_WINDOW_MINUTES = 15;
export const VOLUME_WINDOW_MINUTES = 5;
/** With fewer calls than this a rate says little, and weighs accordingly. */
const SURE_CALLS = 10;
/** Half of all calls refused is as bad as it gets. */
const WORST_DENIAL_RATE = 0.5;
/** Before this many active minutes an agent is measured by {@link UNKNOWN_AGENT}. */
export const LEARNING_MINUTES = 30;
const UNKNOWN_AGENT = { mean: 60, deviation: 30 };
/** Deviations above the usual at which volume begins to count, and at which it counts in full. */
const VOLUME_FROM = 3;
const VOLUME_FULL = 10;
/** Half of the distance to a better score is walked in this time. */
const LOWERING_HALF_LIFE_MS = 10 * 60_000;
const NOT_MEASURED = 'not measured yet';

/**
 * The score that an agent's activity gives by itself.
 * @param nowMs the present, in ms since the Unix epoch
 */
export function assessRisk(activity: AgentActivity, nowMs: number): RiskAssessment {
  const parts: readonly RiskPart[] = [
    part('denial_rate', ...denialRate(activity, nowMs)),
    part('anomalies', 0, NOT_MEASURED),
    part('volume', ...volume(activity, nowMs)),
    part('new_resources', 0, NOT_MEASURED),
    part('session_behavior', 0, NOT_MEASURED),
    part('escalation_outcomes', 0, NOT_MEASURED),
  ];
  const score = round(parts.reduce((sum, { weight, value }) => sum + weight * value, 0));
  return { score, tier: tierOf(score), parts };
}

/**
 * The score to go on with: worse at once, better slowly.
 * @param previous the score before
 * @param assessed what activity gives now
 * @param elapsedMs time since `previous`
 */
export function settleScore(previous: number, assessed: number, elapsedMs: number): number {
  if (assessed >= previous) return assessed;
  const kept = 0.5 ** (Math.max(elapsedMs, 0) / LOWERING_HALF_LIFE_MS);
  const score = assessed + (previous - assessed) * kept;
  return score - assessed < 0.05 ? assessed : score;
}

/** Tiers at 25, 50 and 75 (semantics: behaviour and risk). */
export function tierOf(score: number): RiskTier {
  if (score >= 75) return 'critical';
  if (score >= 50) return 'high';
  return score >= 25 ? 'medium' : 'low';
}

function part(name: RiskPartName, value: number, evidence: string): RiskPart {
  return { name, weight: RISK_WEIGHTS[name], value: round(value), evidence };
}

function denialRate(activity: AgentActivity, nowMs: number): [number, string] {
  const { calls, denials } = windowOf(activity, nowMs, DENIAL_WINDOW_MINUTES);
  if (calls === 0) return [0, `no calls in ${String(DENIAL_WINDOW_MINUTES)} minutes`];
  const sureness = Math.min(1, calls / SURE_CALLS);
  const value = 100 * sureness * Math.min(1, denials / calls / WORST_DENIAL_RATE);
  return [
    value,
    `${String(denials)} of ${String(calls)} calls denied in ${String(DENIAL_WINDOW_MINUTES)} minutes`,
  ];
}

function volume(activity: AgentActivity, nowMs: number): [number, string] {
  const { peak } = windowOf(activity, nowMs, VOLUME_WINDOW_MINUTES);
  const { minutes, mean, variance } = activity.baseline;
  const isLearned = minutes >= LEARNING_MINUTES;
  const usual = isLearned ? mean : UNKNOWN_AGENT.mean;
  // A steady agent has hardly any deviation; a small absolute change is still no sign.
  const deviation = isLearned ? Math.max(Math.sqrt(variance), mean * 0.25, 5) : UNKNOWN_AGENT.deviation;
  const deviations = (peak - usual) / deviation;
  const value = 100 * Math.min(1, Math.max(0, (deviations - VOLUME_FROM) / (VOLUME_FULL - VOLUME_FROM)));
  const against = isLearned ? `${String(round(usual))} usual` : `${String(usual)} expected of a new agent`;
  return [
    value,
    `${String(peak)} calls in the busiest of ${String(VOLUME_WINDOW_MINUTES)} minutes, ${against}`,
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
