import { BUILT_IN_DLP_PATTERNS, PatternSet } from '@behavry/domain';
import { Exchange, refuse, toolCall, type ConfigView } from '@behavry/pipeline';
import fc from 'fast-check';
import type { AnsweredCall } from '../domain/openai/tool-call';
import { GuardedStream, type StreamEnd } from './guarded-stream';

const PATTERNS = new PatternSet(BUILT_IN_DLP_PATTERNS);
const TEXTS = [
  'Hello ',
  'wor',
  'ld',
  'AKIAIOS',
  'FODNN7EXAMPLE',
  ' 😀',
  '\n',
  'é',
  'a@',
  'b.example',
  '.com ',
  '',
  '4111 1111',
  ' 1111 1111',
];

interface Outcome {
  readonly text: string;
  readonly end: StreamEnd;
  readonly findings: unknown;
  readonly judged: readonly AnsweredCall[];
}

interface Setting {
  readonly redacts?: boolean;
  readonly denied?: string;
}

function openExchange({ redacts = false }: Setting): Exchange {
  const exchange = new Exchange({
    id: 'e',
    kind: 'llm',
    startedAt: 0,
    token: undefined,
    serverId: '',
    model: 'm',
  });
  exchange.config = { patterns: PATTERNS } as unknown as ConfigView;
  exchange.call = toolCall('chat', {});
  exchange.obligations = redacts ? [{ name: 'redact_inbound' }] : [];
  return exchange;
}

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...new Set(cuts.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)) {
    yield await Promise.resolve(bytes.subarray(from, cut));
    from = cut;
  }
  yield bytes.subarray(from);
}

async function run(body: string, cuts: readonly number[], setting: Setting = {}): Promise<Outcome> {
  const exchange = openExchange(setting);
  const judged: AnsweredCall[] = [];
  const stream = new GuardedStream({
    exchange,
    judge: (calls) => {
      judged.push(...calls);
      const isDenied = calls.some(({ name }) => name === setting.denied);
      return Promise.resolve(isDenied ? refuse('policy_deny', 'no') : undefined);
    },
    stripsUsage: true,
    onUsage: () => undefined,
    maxHeldCharacters: 1_000_000,
  });
  const texts = stream.run(pieces(Buffer.from(body), cuts));
  let text = '';
  for (;;) {
    const next = await texts.next();
    if (next.done) return { text, end: next.value, findings: exchange.inboundFindings, judged };
    text += next.value;
  }
}

function event(choice: object): string {
  return `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, finish_reason: null, ...choice }] })}\n\n`;
}

function body(texts: readonly string[], ending = 'data: [DONE]\n\n'): string {
  return `${texts.map((content) => event({ delta: { content } })).join('')}${event({ delta: {}, finish_reason: 'stop' })}${ending}`;
}

function contentOf(text: string): string {
  return text
    .split('\n\n')
    .filter((part) => part.startsWith('data: {'))
    .map(
      (part) =>
        (JSON.parse(part.slice(6)) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta
          .content ?? '',
    )
    .join('');
}

const cutsOf = fc.array(fc.nat(), { maxLength: 40 });

describe('a guarded stream', () => {
  it('comes to the same end, text and findings for every way of cutting its bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...TEXTS), { maxLength: 12 }),
        cutsOf,
        fc.boolean(),
        async (texts, cuts, redacts) => {
          expect(await run(body(texts), cuts, { redacts })).toEqual(await run(body(texts), [], { redacts }));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('comes to the same when cut at every byte, with every kind of line end', async () => {
    const whole = body(['Hé', 'llo 😀 ', 'a@b.example.com', ' end']);
    for (const lineEnd of ['\n', '\r\n', '\r']) {
      const text = `\uFEFF: hello\n\n${whole}`.replaceAll('\n', lineEnd);
      const every = Array.from({ length: Buffer.byteLength(text) }, (_, index) => index);
      const cut = await run(text, every);
      expect(contentOf(cut.text)).toBe('Héllo 😀 a@b.example.com end');
      expect(cut.end).toEqual({ kind: 'complete' });
      expect(cut.findings).toMatchObject([
        { pattern: 'email_address', field: '/choices/0/delta/content', span: [9, 24] },
      ]);
    }
  });

  it('passes clean events on byte for byte', async () => {
    const whole = body(['Hello ', 'world', '!']);
    expect(await run(whole, [])).toMatchObject({ text: whole, end: { kind: 'complete' } });
  });

  it('never lets a part of a blocked secret out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('x ', 'Hello ', '😀'), { maxLength: 6 }),
        fc.integer({ min: 1, max: 19 }),
        cutsOf,
        async (before, at, cuts) => {
          const secret = 'AKIAIOSFODNN7EXAMPLE';
          const outcome = await run(body([...before, secret.slice(0, at), secret.slice(at), ' after']), cuts);
          expect(contentOf(outcome.text)).toBe(before.join(''));
          expect(outcome.end).toMatchObject({
            kind: 'refused',
            refusal: { reasonCode: 'dlp_inbound_blocked' },
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('redacts over the borders of events, and with them the tokens that repeat the text', async () => {
    const events = [
      event({ delta: { content: 'Mail a@' }, logprobs: { content: [{ token: 'a@' }] } }),
      event({ delta: { content: 'b.example.com' }, logprobs: { content: [{ token: 'b.example.com' }] } }),
      event({ delta: { content: ' now' } }),
    ].join('');
    const outcome = await run(`${events}data: [DONE]\n\n`, [], { redacts: true });
    expect(contentOf(outcome.text)).toBe('Mail [REDACTED:email_address] now');
    expect(outcome.text).not.toContain('b.example');
  });

  const call = [
    event({
      delta: {
        tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'rm', arguments: '{"path"' } }],
      },
    }),
    event({ delta: { tool_calls: [{ index: 0, function: { arguments: ':"/x"}' } }] } }),
  ].join('');
  const finish = event({ delta: {}, finish_reason: 'tool_calls' });

  it('holds a tool call until it is whole and decided', async () => {
    const allowed = await run(`${call}${finish}data: [DONE]\n\n`, []);
    expect(allowed.judged).toEqual([{ name: 'rm', arguments: { path: '/x' } }]);
    expect(allowed.text).toBe(`${call}${finish}data: [DONE]\n\n`);
    const denied = await run(`${call}${finish}data: [DONE]\n\n`, [], { denied: 'rm' });
    expect(denied).toMatchObject({
      text: '',
      end: { kind: 'refused', refusal: { reasonCode: 'policy_deny' } },
    });
  });

  it('decides a tool call also when its choice is never finished', async () => {
    expect(await run(`${call}data: [DONE]\n\n`, [], { denied: 'rm' })).toMatchObject({
      text: '',
      end: { kind: 'refused' },
    });
    expect(await run(call, [])).toMatchObject({
      text: '',
      judged: [],
      end: { kind: 'failed', fault: 'upstream_error' },
    });
  });

  it('does not take more of a call after it was decided', async () => {
    const late = event({ delta: { tool_calls: [{ index: 0, function: { arguments: ' && rm -rf /' } }] } });
    expect(await run(`${call}${finish}${late}data: [DONE]\n\n`, [])).toMatchObject({
      end: { kind: 'failed' },
    });
  });

  it('drops the counts that only we asked for', async () => {
    const usage = 'data: {"choices":[],"usage":{"total_tokens":3}}\n\n';
    expect((await run(body(['Hi'], `${usage}data: [DONE]\n\n`), [])).text).not.toContain('usage');
  });

  it.each([
    ['ends without its end mark', body(['Hi'], '')],
    ['is no JSON', 'data: hello\n\ndata: [DONE]\n\n'],
    ['names a member twice', 'data: {"choices":[],"choices":[]}\n\ndata: [DONE]\n\n'],
    ['reports an error', 'data: {"error":{"message":"overloaded"}}\n\n'],
  ])('fails when it %s', async (_name, text) => {
    expect((await run(text, [])).end).toEqual({ kind: 'failed', fault: 'upstream_error' });
  });

  it('fails on bytes that are no text', async () => {
    const stream = new GuardedStream({
      exchange: openExchange({}),
      judge: () => Promise.resolve(undefined),
      stripsUsage: false,
      onUsage: () => undefined,
      maxHeldCharacters: 10,
    });
    expect(await stream.run(pieces(Uint8Array.of(0x64, 0xff, 0xfe), [])).next()).toMatchObject({
      done: true,
      value: { kind: 'failed' },
    });
  });
});
