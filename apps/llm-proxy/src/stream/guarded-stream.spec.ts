import fc from 'fast-check';
import { calling, contentOf, DONE, event, runChat as run } from '../../test/chat-stream';
import { runStream, type StreamSetting } from '../../test/run-stream';
import { CHAT } from '../dialects/openai/chat';

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

function body(texts: readonly string[], ending = DONE): string {
  return `${texts.map((content) => event({ delta: { content } })).join('')}${event({ delta: {}, finish_reason: 'stop' })}${ending}`;
}

/** What must not depend on how the bytes were cut. */
async function seen(text: string, cuts: readonly number[], setting: StreamSetting): Promise<object> {
  const { text: passed, end, findings, judged } = await run(text, cuts, setting);
  return { passed, end, findings, judged };
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
          expect(await seen(body(texts), cuts, { redacts })).toEqual(
            await seen(body(texts), [], { redacts }),
          );
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
    expect(await run(whole)).toMatchObject({ text: whole, end: { kind: 'complete' } });
  });

  it('lets a text go when its choice is finished, without waiting for the end of the stream', async () => {
    const { steps } = await runStream(CHAT, Buffer.from(body(['Hello', 'AKIA'])), [
      body(['Hello', 'AKIA']).length - 3,
    ]);
    expect(contentOf(steps[0] ?? '')).toBe('HelloAKIA');
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
          expect(before.join('').startsWith(contentOf(outcome.text))).toBe(true);
          expect(outcome.end).toMatchObject({
            kind: 'refused',
            refusal: { reasonCode: 'dlp_inbound_blocked' },
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('redacts over the borders of events, and drops the tokens that repeat the text', async () => {
    const events = [
      event({ delta: { content: 'Mail a@' }, logprobs: { content: [{ token: 'a@' }] } }),
      event({ delta: { content: 'b.example.com' }, logprobs: { content: [{ token: 'b.example.com' }] } }),
      event({ delta: { content: ' now' } }),
    ].join('');
    const outcome = await run(`${events}${DONE}`, [], { redacts: true });
    expect(contentOf(outcome.text)).toBe('Mail [REDACTED:email_address] now');
    expect(outcome.text).not.toContain('b.example');
  });

  it('redacts every one of many secrets, however many there are', async () => {
    const keys = Array.from({ length: 250 }, (_, index) => {
      const [tens, ones] = [Math.floor(index / 16), index % 16].map((part) =>
        'ABCDEFGHIJKLMNOP'.charAt(part),
      );
      return `AKIAQ3EGRZ${tens ?? ''}T4${ones ?? ''}2WM6LKD`.slice(0, 20);
    });
    const texts = keys.map((key) => `${key} and `);
    const outcome = await run(body(texts), [], { redacts: true });
    expect(outcome.end).toEqual({ kind: 'complete' });
    expect(contentOf(outcome.text)).not.toContain('AKIA');
    expect(outcome.exchange.inboundAction).toBe('redacted');
    expect(outcome.findings.length).toBeLessThanOrEqual(100);
  });

  it('finds what stands beside the texts, in whichever chunk it comes', async () => {
    const beside = (more: object): string =>
      `data: ${JSON.stringify({ id: 'x', model: 'm', choices: [{ index: 0, delta: { content: 'Hi ' }, ...more }], ...more })}\n\n`;
    const usual = beside({}).repeat(3);
    for (const more of [
      { model: 'AKIAIOSFODNN7EXAMPLE' },
      { note: ['AKIAIOSFODNN7EXAMPLE'] },
      { AKIAIOSFODNN7EXAMPLE: 1 },
    ]) {
      const { text, end } = await run(`${usual}${beside(more)}${DONE}`);
      expect(text).not.toContain('AKIA');
      expect(end).toMatchObject({ kind: 'refused', refusal: { reasonCode: 'dlp_inbound_blocked' } });
    }
    const redacted = await run(`${usual}${beside({ note: 'AKIAIOSFODNN7EXAMPLE' })}${usual}${DONE}`, [], {
      redacts: true,
    });
    expect(redacted.end).toEqual({ kind: 'complete' });
    expect(redacted.text).not.toContain('AKIA');
    expect(contentOf(redacted.text)).toBe('Hi '.repeat(7));
  });

  it('refuses more at once than may wait', async () => {
    const args = calling({ index: 0, function: { name: 'f', arguments: 'x'.repeat(500) } });
    expect(await run(args, [], { maxHeldCharacters: 400 })).toMatchObject({
      text: '',
      end: { kind: 'refused', refusal: { reasonCode: 'result_too_large' } },
    });
  });

  it('refuses more texts at once than any answer has', async () => {
    const crowd = Array.from({ length: 300 }, (_, index) =>
      event({ index, delta: { content: 'AKIA' } }),
    ).join('');
    expect((await run(crowd)).end).toMatchObject({
      kind: 'refused',
      refusal: { reasonCode: 'result_too_large' },
    });
  });

  it('takes the token counts, and drops those that only we asked for', async () => {
    const usage =
      'data: {"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}}\n\n';
    const hidden = await run(body(['Hi'], `${usage}${DONE}`));
    expect(hidden.text).not.toContain('usage');
    expect(hidden.exchange.tokens).toEqual({ prompt: 2, completion: 1, total: 3 });
    expect((await run(body(['Hi'], `${usage}${DONE}`), [], { hidesTokens: false })).text).toContain(usage);
  });

  it.each([
    ['ends without its end mark', body(['Hi'], '')],
    ['is no JSON', `data: hello\n\n${DONE}`],
    ['names a member twice', `data: {"choices":[],"choices":[]}\n\n${DONE}`],
    ['reports an error', 'data: {"error":{"message":"overloaded"}}\n\n'],
    [
      'names its events by what could be anything',
      `event: AKIAIOSFODNN7EXAMPLE\ndata: {"choices":[]}\n\n${DONE}`,
    ],
    ['goes on after the end of a choice', body(['Hi'], `${event({ delta: { content: 'more' } })}${DONE}`)],
  ])('fails when it %s', async (_name, text) => {
    expect((await run(text)).end).toEqual({ kind: 'failed', fault: 'upstream_error' });
  });

  it('does not pass the ids of events on', async () => {
    const { text } = await run(`id: AKIAIOSFODNN7EXAMPLE\n${body(['Hi'])}`);
    expect(text).toBe(body(['Hi']));
  });

  it('fails on bytes that are no text', async () => {
    const { text, end } = await runStream(CHAT, Uint8Array.of(0x64, 0xff, 0xfe), []);
    expect([text, end]).toEqual(['', { kind: 'failed', fault: 'upstream_error' }]);
  });
});
