import { workspaceRoot } from '@behavry/test-components';
import { knownVariables, secretsOf, shownConfiguration } from './configuration';
import { loggedErrors } from './errors';
import { findings, samplesOf, type Examination } from './findings';
import { Scrubber } from './scrub';

const variables = knownVariables(workspaceRoot());
const NOW = 1_800_000_000;

function examined(change: Partial<Examination>): Examination {
  return {
    name: 'data/mcp-proxy',
    app: 'mcp-proxy',
    state: null,
    isRunning: true,
    hasOpsPort: true,
    health: { status: 'ok', version: '1.0.0', checks: {} },
    samples: [],
    errors: [],
    ...change,
  };
}

describe('configuration', () => {
  const environment = {
    BEHAVRY_PORT: '8000',
    BEHAVRY_DB_URL: 'postgres://owner:p%40ss-word-9@db:5432/behavry',
    BEHAVRY_SECRET_OPENAI_KEY: 'sk-canary-0815',
    BEHAVRY_SOMETHING_NEW: 'nobody-knows-what',
    BEHAVRY_DATA_PLANE_TOKEN: '',
    PGPASSWORD: 'p@ss-word-9',
    HOME: '/home/ann',
  };

  it('is told with values where they are no secrets, else only that it is set', () => {
    expect(shownConfiguration(environment, variables)).toEqual({
      BEHAVRY_PORT: '8000',
      BEHAVRY_DB_URL: '(set)',
      BEHAVRY_SECRET_OPENAI_KEY: '(set)',
      BEHAVRY_SOMETHING_NEW: '(set)',
      BEHAVRY_DATA_PLANE_TOKEN: '(empty)',
    });
  });

  it('has its secrets looked for, also the password inside an address, in both spellings', () => {
    const secrets = secretsOf(environment, variables);
    expect(secrets).toEqual(
      expect.arrayContaining(['sk-canary-0815', 'nobody-knows-what', 'p%40ss-word-9', 'p@ss-word-9']),
    );
    expect(secrets).not.toContain('8000');
  });
});

describe('errors of logs', () => {
  const scrubber = new Scrubber(['known-secret']);

  it('come from lines in JSON by message, error and closed fields alone, each kind once', () => {
    const line = {
      level: 'error',
      time: '2026-05-02T12:00:00.000Z',
      message: 'a batch failed with known-secret',
      event: 'batch_failed',
      arguments: 'a payload',
      tool: 'a payload too',
      err: {
        name: 'QueryFailedError',
        code: '22P02',
        message: 'invalid input "a payload"',
        stack: 'a payload',
      },
    };
    const log = [line, line, { ...line, level: 'info' }].map((each) => JSON.stringify(each)).join('\n');
    expect(loggedErrors(log, scrubber)).toEqual([
      {
        level: 'error',
        message: 'a batch failed with [masked] (QueryFailedError 22P02 invalid input "…")',
        count: 2,
        time: '2026-05-02T12:00:00.000Z',
        facts: { event: 'batch_failed' },
      },
    ]);
  });

  it('come from lines of others without what stands in quotes, and without their details', () => {
    const log = [
      '2026-05-02 12:00:00.123 UTC [7] ERROR:  invalid input syntax for type uuid: "my payload"',
      '2026-05-02 12:00:00.123 UTC [7] STATEMENT:  INSERT INTO x VALUES (my payload)',
      '2026-05-02 12:00:01.123 UTC [7] LOG:  checkpoint complete',
    ].join('\n');
    expect(loggedErrors(log, scrubber)).toEqual([
      expect.objectContaining({ level: 'error', message: 'ERROR:  invalid input syntax for type uuid: "…"' }),
    ]);
  });
});

it.each([
  ['an address with a password', 'redis://:hunter2hunter2@cache:6379/0', 'redis://[masked]@cache:6379/0'],
  ['a token', 'with eyJhbGciOi.eyJzdWIi.c2ln in it', 'with [masked] in it'],
  ['a bearer', 'Authorization: Bearer abc.def', 'Authorization: Bearer [masked]'],
  ['a key of a provider', 'key sk-proj-abcdefghijklmnop', 'key [masked]'],
  ['a long random text', `x ${'a1B2'.repeat(12)} y`, 'x [masked] y'],
  ['a mail address', 'ann@example.org signed in', '[masked] signed in'],
  ['an id', '0190a3f0-1111-7222-8333-444455556666 stays', '0190a3f0-1111-7222-8333-444455556666 stays'],
])('%s is masked, or stays', (_name, text, expected) => {
  expect(new Scrubber([]).scrub(text)).toBe(expected);
});

describe('findings', () => {
  it('are none where all is well', () => {
    const samples = samplesOf(
      [
        'behavry_opa_answers{proxy="mcp"} 1',
        'behavry_audit_chain_ok 1',
        `behavry_uplink_contact_timestamp_seconds{call="heartbeat"} ${String(NOW - 60)}`,
        `behavry_uplink_contact_timestamp_seconds{call="license"} ${String(NOW - 60_000)}`,
        'behavry_license_state{state="grace"} 0',
        'behavry_fleet_data_planes{state="healthy"} 3',
      ].join('\n'),
    );
    expect(samples).toHaveLength(6);
    expect(findings([examined({ samples })], NOW)).toEqual([]);
  });

  it.each([
    ['behavry_opa_answers{proxy="mcp"} 0', 'opa-failing-closed'],
    ['behavry_audit_chain_ok 0', 'chain-broken'],
    ['behavry_spool_oldest_age_seconds{proxy="llm"} 300.5', 'record-backlog'],
    ['behavry_spool_refusing{proxy="llm"} 1', 'record-backlog'],
    ['behavry_queue_connection_failing{queue="audit.events.v1"} 1', 'record-backlog'],
    ['behavry_license_state{state="enforced"} 1', 'license-grace'],
    ['behavry_license_token_refused 1', 'control-plane-unheard'],
    ['behavry_uplink_contact_timestamp_seconds{call="heartbeat"} 0', 'control-plane-unheard'],
    ['behavry_escalation_oldest_age_seconds 2000', 'escalation-queue-old'],
    ['behavry_fleet_data_planes{state="offline"} 1', 'plane-stale'],
  ])('%s leads to its runbook', (line, runbook) => {
    expect(findings([examined({ samples: samplesOf(line) })], NOW)).toEqual([
      expect.objectContaining({ where: 'data/mcp-proxy', todo: `docs/runbooks/${runbook}.md` }),
    ]);
  });

  it('tell what is missing, what is silent, what has ended, and versions that differ', () => {
    const found = findings(
      [
        examined({
          health: {
            status: 'not_ready',
            version: '1.0.0',
            checks: { policy: { ready: false, detail: 'no policy yet' } },
          },
        }),
        examined({ name: 'b', health: null }),
        examined({ name: 'c', isRunning: false, state: 'exited, exit code 2' }),
        examined({ name: 'd', health: { status: 'ok', version: '1.1.0', checks: {} } }),
      ],
      NOW,
    ).map(({ where, what }) => `${where}: ${what}`);
    expect(found).toEqual([
      'data/mcp-proxy: not ready, policy: no policy yet',
      'b: does not answer on its ops port',
      'c: does not run (exited, exit code 2)',
      'plane: runs apps of several versions: 1.0.0, 1.1.0',
    ]);
  });
});
