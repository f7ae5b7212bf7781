import { randomUUID } from 'node:crypto';
import { ManualClock } from '@behavry/platform';
import type { SpoolEntry } from '@behavry/contracts';
import { eventually, startTestPostgres, type TestPostgres } from '@behavry/testing';
import { batchOf, decisionOf, outcomeOf, wholeOf } from './entries';
import { makePlane, personToken, startWriter, type RunningWriter } from './running-writer';

const clock = new ManualClock(Date.parse('2026-05-10T12:00:00Z'));
let postgres: TestPostgres;
let writer: RunningWriter;

interface Use {
  readonly at: string;
  readonly agent?: string;
  readonly provider?: string;
  readonly model?: string | null;
  readonly tokens?: readonly [prompt: number, completion: number];
  readonly cost?: unknown;
}

/** A use of a model as llm-proxy spools it. */
function used({
  at,
  agent = 'agent-1',
  provider = 'openai',
  model = 'gpt-4o',
  tokens,
  cost,
}: Use): SpoolEntry[] {
  const decision = decisionOf({
    kind: 'llm',
    ts: at,
    agent_id: agent,
    provider,
    model,
    tool: null,
    server: null,
  });
  const [prompt, completion] = tokens ?? [0, 0];
  return [
    decision,
    outcomeOf(decision.id, {
      tokens: tokens ? { prompt, completion, total: prompt + completion } : null,
      extra: cost === undefined ? {} : { cost_microusd: cost },
    }),
  ];
}

const ENTRIES: readonly SpoolEntry[] = [
  ...used({ at: '2026-05-01T23:59:59.999Z', tokens: [100, 10], cost: 350 }),
  ...used({ at: '2026-05-02T00:00:00.000Z', tokens: [200, 20], cost: 700 }),
  ...used({ at: '2026-05-02T10:00:00.000Z', agent: 'agent-2', model: 'o3', tokens: [1_000, 500] }),
  ...used({ at: '2026-05-02T11:00:00.000Z', provider: 'ollama', model: 'llama3', tokens: [5, 5] }),
  ...used({ at: '2026-05-02T12:00:00.000Z', provider: 'ollama', model: null, tokens: [1, 0], cost: '12' }),
  // Neither a use without tokens, nor a refused one, nor a tool's.
  ...used({ at: '2026-05-02T13:00:00.000Z', cost: 99 }),
  wholeOf({ kind: 'llm', ts: '2026-05-02T14:00:00.000Z', provider: 'openai', model: 'gpt-4o' }),
  ...((decision) => [decision, outcomeOf(decision.id, { tokens: { prompt: 1, completion: 1, total: 2 } })])(
    decisionOf({ ts: '2026-05-02T15:00:00.000Z' }),
  ),
  // Longer ago than thirty days.
  ...used({ at: '2026-03-01T00:00:00.000Z', tokens: [7, 7], cost: 1 }),
];

beforeAll(async () => {
  postgres = await startTestPostgres();
  writer = await startWriter(await makePlane(await postgres.createDatabase(), undefined), clock);
  const spool = randomUUID();
  await writer.send(batchOf(spool, 1, ENTRIES));
  await eventually(() => expect(writer.positions()[spool]).toBe(ENTRIES.length), { timeoutMs: 20_000 });
}, 120_000);

afterAll(async () => {
  await writer.stop();
  await postgres.stop();
});

const line = (
  [prompt, completion]: readonly [number, number],
  calls: number,
  cost: number | null,
  unknown: number,
): Readonly<Record<string, unknown>> => ({
  calls,
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  cost_microusd: cost,
  calls_without_cost: unknown,
});

describe('usage', () => {
  it('is summed by model, the largest first, of the last thirty days when nothing else is asked for', async () => {
    const { status, body } = await writer.get('usage?by=model');
    expect([status, body]).toEqual([
      200,
      {
        usage: [
          { model: 'o3', ...line([1_000, 500], 1, null, 1) },
          { model: 'gpt-4o', ...line([300, 30], 2, 1_050, 0) },
          { model: 'llama3', ...line([5, 5], 1, null, 1) },
          { model: null, ...line([1, 0], 1, null, 1) },
        ],
        total: 4,
        from: '2026-04-10T12:00:00.000Z',
        to: '2026-05-10T12:00:00.000Z',
      },
    ]);
  });

  it('is summed by agent and provider, an unknown cost counted apart from a known one', async () => {
    expect((await writer.get('usage?by=agent')).body.usage).toEqual([
      { agent: 'agent-2', ...line([1_000, 500], 1, null, 1) },
      { agent: 'agent-1', ...line([306, 35], 4, 1_050, 2) },
    ]);
    expect((await writer.get('usage?by=provider')).body.usage).toEqual([
      { provider: 'openai', ...line([1_300, 530], 3, 1_050, 1) },
      { provider: 'ollama', ...line([6, 5], 2, null, 2) },
    ]);
  });

  it('is summed by day of UTC, in their order', async () => {
    const span = 'from=2026-03-01T00:00:00Z&to=2026-05-10T00:00:00%2B02:00';
    expect((await writer.get(`usage?by=day&${span}`)).body).toEqual({
      usage: [
        { day: '2026-03-01', ...line([7, 7], 1, 1, 0) },
        { day: '2026-05-01', ...line([100, 10], 1, 350, 0) },
        { day: '2026-05-02', ...line([1_206, 525], 4, 700, 3) },
      ],
      total: 3,
      from: '2026-03-01T00:00:00.000Z',
      to: '2026-05-09T22:00:00.000Z',
    });
    const first = await writer.get('usage?by=day&from=2026-05-01T00:00:00Z&to=2026-05-02T00:00:00Z');
    expect(first.body.usage).toEqual([{ day: '2026-05-01', ...line([100, 10], 1, 350, 0) }]);
  });

  it('comes in pages that say how many there are', async () => {
    const page = async (query: string): Promise<unknown> => {
      const { body } = await writer.get(`usage?by=model&${query}`);
      return [body.usage.map(({ model }) => model), body.total];
    };
    expect(await page('limit=2')).toEqual([['o3', 'gpt-4o'], 4]);
    expect(await page('limit=2&offset=3')).toEqual([[null], 4]);
    expect(await page('offset=9')).toEqual([[], 4]);
    expect((await writer.get('usage?by=day&from=2025-06-01T00:00:00Z&to=2025-07-01T00:00:00Z')).body).toEqual(
      { usage: [], total: 0, from: '2025-06-01T00:00:00.000Z', to: '2025-07-01T00:00:00.000Z' },
    );
  });

  it.each([
    ['', 'by'],
    ['by=tool', 'by'],
    ['by=day&from=yesterday', 'from'],
    ['by=day&from=2026-05-01', 'from'],
    ['by=day&to=2026-02-30T00:00:00Z', 'to'],
    ['by=day&from=2026-05-11T00:00:00Z', 'from'],
    ['by=day&from=2025-05-01T00:00:00Z&to=2026-05-10T00:00:00Z', 'from'],
    ['by=day&limit=501', 'limit'],
  ])('is refused for %j, which names %s', async (query, field) => {
    const { status, body } = await writer.get(`usage?${query}`);
    expect([status, (body as unknown as { errors: { field: string }[] }).errors[0]?.field]).toEqual([
      422,
      field,
    ]);
  });

  it("is shown to people of the tenant that have a role, and to nobody else's", async () => {
    expect((await writer.get('usage?by=day', '')).status).toBe(401);
    expect((await writer.get('usage?by=day', personToken(clock, []))).status).toBe(403);
    const stranger = await writer.get('usage?by=day', personToken(clock, ['viewer'], randomUUID()));
    expect(stranger.body).toMatchObject({ usage: [], total: 0 });
  });
});
