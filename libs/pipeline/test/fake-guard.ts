import type { ConfigDocument, SpoolEntry } from '@behavry/contracts';
import { BLAST_RADIUS_DEFAULTS } from '@behavry/domain';
import type { Guard } from '../src/exchange/guard';
import { KeyedDigest } from '../src/exchange/keyed-digest';
import { OpenExchanges } from '../src/exchange/open-exchanges';
import { LoopTurns } from '../src/adapters/limits/loop-turns';
import { Slots } from '../src/adapters/limits/slots';
import { TokenBucketLimiter } from '../src/adapters/limits/token-bucket-limiter';
import { ConfigView } from '../src/adapters/plane/config-view';
import type { AuditSpool, Claims, Identity, PlaneView, SeenRisk } from '../src/ports/ports';
import { FakeDecisionEngine } from './fake-decision-engine';

export const NOW = 1_767_225_600_000;

/** A configuration with one active agent `a1`. */
export function sampleConfig(changes: Partial<ConfigDocument> = {}): ConfigDocument {
  return {
    schema: 1,
    tenant_id: 't1',
    revision: '20260101T000000Z',
    generation: 1,
    suspended: false,
    kill_switches: [],
    agents: [
      {
        id: 'a1',
        name: 'one',
        agent_type: 'test',
        status: 'active',
        client_id: 'c1',
        secret_sha256: '',
        roles: ['dev'],
        permissions: [],
        tokens_not_before: null,
      },
    ],
    mcp_servers: [],
    dlp_patterns: [],
    blast_radius: BLAST_RADIUS_DEFAULTS,
    rate_limits: { agent_per_minute: null, tenant_per_minute: null, agent_concurrency: null },
    escalation: { deadline_seconds: { low: 86_400, medium: 14_400, high: 1_800, critical: 300 } },
    data_protection: { payload_mode: 'metadata_only', retention_days: 30 },
    ...changes,
  };
}

/** Plane state that a test sets by hand. */
export class FakePlane implements PlaneView {
  config: ConfigView | undefined;
  isStale = false;
  risk: SeenRisk = { score: 12, tier: 'low' };
  readonly ended = new Set<string>();
  refreshed = 0;
  /** What a refresh brings. */
  newer: ConfigDocument | undefined;
  /** What happens while it is waited for. */
  whileWaiting: () => void = () => undefined;

  constructor(document = sampleConfig()) {
    this.config = new ConfigView(document);
  }

  riskOf(): SeenRisk {
    return this.risk;
  }

  hasSessionEnded(sessionId: string): boolean {
    return this.ended.has(sessionId);
  }

  refreshConfig(): Promise<void> {
    this.refreshed++;
    this.whileWaiting();
    if (this.newer) this.config = new ConfigView(this.newer);
    return Promise.resolve();
  }
}

/** A spool in memory, whose writes a test can hold back or let fail. */
export class FakeSpool implements AuditSpool {
  isFull = false;
  readonly entries: SpoolEntry[] = [];
  write: () => Promise<void> = () => Promise.resolve();

  async append(entry: SpoolEntry): Promise<void> {
    await this.write();
    this.entries.push(entry);
  }
}

export interface FakeGuard extends Guard {
  readonly plane: FakePlane;
  readonly spool: FakeSpool;
  readonly engine: FakeDecisionEngine;
}

function identify(token: string): Identity | undefined {
  if (token !== 'good' && token !== 'foreign') return undefined;
  const tenantId = token === 'good' ? 't1' : 't2';
  return { agentId: 'a1', sessionId: 'j1', tenantId, issuedAt: NOW - 60_000 };
}

/** A guard whose every port a test can see. Token `good` is agent `a1`, session `j1`. */
export function fakeGuard(
  parts: { document?: ConfigDocument; engine?: FakeDecisionEngine; claims?: Pick<Claims, 'claim'> } = {},
): FakeGuard {
  return {
    identify: { identify, identifySoon: (token) => Promise.resolve(identify(token)) },
    plane: new FakePlane(parts.document),
    limiter: new TokenBucketLimiter(() => NOW),
    slots: new Slots(),
    turns: new LoopTurns(),
    digest: new KeyedDigest(Buffer.alloc(32, 7)),
    engine: parts.engine ?? new FakeDecisionEngine(),
    claims: {
      claim: () => Promise.resolve(undefined),
      standing: () => Promise.resolve(undefined),
      ...parts.claims,
    },
    spool: new FakeSpool(),
    metrics: {
      decided: () => undefined,
      rejected: () => undefined,
      settled: () => undefined,
      asked: () => undefined,
      answered: () => undefined,
      held: () => undefined,
    },
    open: new OpenExchanges(),
    now: () => NOW + 5,
    holdMs: 20,
    isTraceHandedOn: false,
  };
}
