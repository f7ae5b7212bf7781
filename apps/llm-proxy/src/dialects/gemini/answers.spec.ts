import { runStream } from '../../../test/run-stream';
import type { Chunk, Endpoint } from '../dialect';
import { GEMINI } from './gemini';

function streamOf(query: string): Endpoint {
  const path = '/v1beta/models/gem:streamGenerateContent';
  const found = GEMINI.endpointOf({ method: 'POST', path, query });
  if (!found) throw new Error(query);
  return found;
}

const EVENTS = streamOf('alt=sse');
const ARRAY = streamOf('');
const FACTS = { status: 403, reasonCode: 'policy_deny', message: 'no', requestId: 'r' } as const;

const candidate = (part: object, more: object = {}): object => ({
  candidates: [{ content: { role: 'model', parts: [part] }, index: 0, ...more }],
});
const FINISH = { candidates: [{ index: 0, finishReason: 'STOP' }] };

function chunk(value: object): Chunk | undefined {
  return EVENTS.readChunk({ data: JSON.stringify(value) });
}

function events(...values: object[]): Buffer {
  return Buffer.from(values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join(''));
}

describe('content', () => {
  it('yields the calls of all candidates, in either form', () => {
    const answer = {
      candidates: [
        {
          content: {
            parts: [{ functionCall: { name: 'a', args: { x: 1 }, id: '1' }, thoughtSignature: 's' }],
          },
        },
        { index: 1, content: { parts: [{ function_call: { name: 'b' } }] }, finish_reason: 'STOP' },
        { index: 2, content: { parts: [{ functionCall: { name: 'c', args: [1], willContinue: false } }] } },
      ],
    };
    expect(EVENTS.readAnswer(answer)?.calls).toEqual([
      { name: 'a', arguments: { x: 1 } },
      { name: 'b', arguments: {} },
      { name: 'c', arguments: undefined },
    ]);
  });

  it('counts what the provider had to read and to write, thoughts and its tools too', () => {
    const counts = {
      promptTokenCount: 10,
      toolUsePromptTokenCount: 5,
      candidatesTokenCount: 3,
      thoughtsTokenCount: 4,
      totalTokenCount: 22,
    };
    expect(EVENTS.readAnswer({ usageMetadata: counts })?.tokens).toEqual({
      prompt: 15,
      completion: 7,
      total: 22,
    });
    const snake = { usage_metadata: { prompt_token_count: 2, candidates_token_count: 'x' } };
    expect(EVENTS.readAnswer(snake)?.tokens).toEqual({ prompt: 2, completion: 0, total: 2 });
  });

  it('may be refused for its prompt', () => {
    expect(EVENTS.readAnswer({ promptFeedback: { blockReason: 'SAFETY' } })).toEqual({ calls: [] });
  });

  it.each([
    ['nothing', {}],
    ['an error', { error: { code: 500 }, candidates: [] }],
    ['candidates that are no list', { candidates: {} }],
    ['a candidate that is none', { candidates: ['x'] }],
    ['two candidates of one place', { candidates: [{ index: 1 }, { index: 1 }] }],
    ['two first candidates', { candidates: [{}, { index: 0 }] }],
    ['a place that is none', { candidates: [{ index: '0' }] }],
    ['candidates in another case', { candidates: [], Candidates: [] }],
    ['a reason that is no text', { candidates: [{ finishReason: 1 }] }],
    ['a content that is a list', { candidates: [{ content: [] }] }],
    ['parts that are no list', { candidates: [{ content: { parts: { text: 'x' } } }] }],
    ['parts in another case', { candidates: [{ content: { Parts: [] } }] }],
    ['a part that is a text', { candidates: [{ content: { parts: ['x'] } }] }],
    ['a part of two kinds', candidate({ text: 'x', functionCall: { name: 'rm' } })],
    ['a part that nobody knows', candidate({ functionCallOfNextYear: { name: 'rm' } })],
    ['a text that is none', candidate({ text: {} })],
    ['a call in both forms', candidate({ functionCall: { name: 'ls' }, function_call: { name: 'rm' } })],
    ['a call in another case', candidate({ FunctionCall: { name: 'rm' } })],
    ['a call in a case that folds', candidate({ functioncall: { name: 'rm' } })],
    ['a call that is a list', candidate({ functionCall: [{ name: 'rm' }] })],
    ['a call without a name', candidate({ functionCall: { args: {} } })],
    ['a call with two names', candidate({ functionCall: { name: 'ls', Name: 'rm' } })],
    ['a call with a member that nobody knows', candidate({ functionCall: { name: 'ls', arguments: {} } })],
    ['a call that comes in pieces', candidate({ functionCall: { name: 'ls', partialArgs: [] } })],
    ['a call that goes on', candidate({ functionCall: { name: 'ls', args: {}, willContinue: true } })],
    [
      'a call that goes on, in the other form',
      candidate({ function_call: { name: 'ls', will_continue: true } }),
    ],
  ])('is not understood with %s, whole and streamed', (_name, value) => {
    expect(EVENTS.readAnswer(value)).toBeUndefined();
    expect(chunk(value)).toBeUndefined();
    expect(ARRAY.readChunk({ event: 'first', data: JSON.stringify(value) })).toBeUndefined();
  });
});

describe('streamed content', () => {
  it('is taken apart into running texts of each kind', () => {
    const parts = [
      { text: 'a' },
      { text: 'b', thought: true, thoughtSignature: 'c2ln' },
      { executableCode: { language: 'PYTHON', code: 'c' } },
      { code_execution_result: { outcome: 'OUTCOME_OK', output: 'd' } },
      { text: '' },
    ];
    const read = chunk({ candidates: [{ content: { parts }, index: 2 }] });
    expect(read?.pieces.map(({ channel, text, group }) => [channel, text, group])).toEqual([
      ['/candidates/2/text', 'a', 2],
      ['/candidates/2/thought', 'b', 2],
      ['/candidates/2/executableCode', 'c', 2],
      ['/candidates/2/codeExecutionResult', 'd', 2],
    ]);
    expect(read?.pieces[3]?.path).toEqual([
      ...['candidates', 0, 'content', 'parts', 3],
      ...['code_execution_result', 'output'],
    ]);
    expect(JSON.stringify(read?.rest)).toContain('{"text":"","thought":true,"thoughtSignature":"c2ln"}');
  });

  it.each([
    ['code that is none', candidate({ executableCode: 'x' })],
    ['code that is no text', candidate({ executableCode: { code: {} } })],
  ])('is not understood with %s', (_name, value) => {
    expect(chunk(value)).toBeUndefined();
  });

  it.each([
    ['no JSON', 'hello'],
    ['a list', '[]'],
    ['a member twice', '{"candidates":[],"candidates":[]}'],
  ])('is not understood with %s', (_name, data) => {
    expect(EVENTS.readChunk({ data })).toBeUndefined();
  });

  it('has no named events', () => {
    expect(EVENTS.readChunk({ event: 'first', data: JSON.stringify(FINISH) })).toBeUndefined();
    expect(ARRAY.readChunk({ event: 'message', data: JSON.stringify(FINISH) })).toBeUndefined();
  });

  it('is complete when its prompt was refused', async () => {
    const body = events({
      promptFeedback: { blockReason: 'SAFETY' },
      usageMetadata: { promptTokenCount: 3 },
    });
    const { text, end, exchange } = await runStream(EVENTS, body, []);
    expect([text, end]).toEqual([body.toString(), { kind: 'complete' }]);
    expect(exchange.tokens).toEqual({ prompt: 3, completion: 0, total: 3 });
  });

  it('is not complete as long as a candidate is not finished', async () => {
    const other = { candidates: [{ index: 1, content: { parts: [{ text: 'Hi' }] } }] };
    const unsaid = { candidates: [{ index: 1, finishReason: 'FINISH_REASON_UNSPECIFIED' }] };
    for (const last of [FINISH, unsaid]) {
      const { end } = await runStream(EVENTS, events(candidate({ text: 'a' }), other, last), []);
      expect(end).toEqual({ kind: 'failed', fault: 'upstream_error' });
    }
    const ended = { candidates: [{ index: 1, finishReason: 'MAX_TOKENS' }] };
    const { end } = await runStream(EVENTS, events(candidate({ text: 'a' }), other, FINISH, ended), []);
    expect(end).toEqual({ kind: 'complete' });
  });

  it('decides the calls of each candidate by itself', async () => {
    const call = (index: number, name: string): object => ({
      candidates: [
        { index, content: { parts: [{ functionCall: { name, args: { index } } }] }, finishReason: 'STOP' },
      ],
    });
    const { text, judged, end } = await runStream(EVENTS, events(call(0, 'ls'), call(1, 'rm')), [], {
      denied: 'rm',
    });
    expect(judged.map(({ name }) => name)).toEqual(['ls', 'rm']);
    // Those of one answer share their fate.
    expect(text).toBe('');
    expect(end).toMatchObject({ kind: 'refused' });
  });

  it('brings arguments that are no object to the judge as none', async () => {
    const { judged } = await runStream(
      EVENTS,
      events(candidate({ functionCall: { name: 'f', args: 'x' } }), FINISH),
      [],
    );
    expect(judged).toEqual([{ name: 'f', arguments: undefined }]);
  });

  it('has nothing of a call that goes on after its candidate was finished', async () => {
    const { text, end } = await runStream(
      EVENTS,
      events(FINISH, candidate({ functionCall: { name: 'rm' } })),
      [],
    );
    expect(text).not.toContain('rm');
    expect(end).toMatchObject({ kind: 'failed' });
  });

  it('loses what quotes its texts where they are redacted', async () => {
    const quoting = {
      groundingMetadata: {
        webSearchQueries: ['q'],
        groundingSupports: [{ segment: { text: 'a@b.example' } }],
      },
      logprobsResult: { chosenCandidates: [{ token: 'a@b.example' }] },
    };
    const body = events(
      candidate({ text: 'Mail a@b.exam' }),
      candidate({ text: 'ple.com now' }, quoting),
      FINISH,
    );
    const { text } = await runStream(EVENTS, body, [], { redacts: true });
    expect(text).not.toMatch(/b\.example|logprobs|groundingSupports/);
    expect(text).toContain('webSearchQueries');
    expect(EVENTS.dropEchoes({ candidates: [{ grounding_metadata: { grounding_supports: [] } }] })).toBe(
      true,
    );
    expect(EVENTS.dropEchoes({ candidates: ['x', {}] })).toBe(false);
    expect(EVENTS.dropEchoes('x')).toBe(false);
  });
});

describe('content that is streamed as an array', () => {
  const bodyOf = (...values: object[]): Buffer => Buffer.from(JSON.stringify(values));

  it('ends with the array, and not before', async () => {
    const whole = await runStream(ARRAY, bodyOf(candidate({ text: 'Hi' }), FINISH), []);
    expect(whole.end).toEqual({ kind: 'complete' });
    expect(JSON.parse(whole.text)).toEqual([candidate({ text: 'Hi' }), FINISH]);
    const open = bodyOf(candidate({ text: 'Hi' }), FINISH).subarray(0, -1);
    expect((await runStream(ARRAY, open, [])).end).toMatchObject({ kind: 'failed' });
    expect(await runStream(ARRAY, bodyOf(), [])).toMatchObject({ text: '[]\n', end: { kind: 'complete' } });
  });

  it('keeps its form where something is taken out of its first element', async () => {
    const body = bodyOf(candidate({ text: 'Mail a@b.exam' }), candidate({ text: 'ple.com' }), FINISH);
    const { text, end } = await runStream(ARRAY, body, [], { redacts: true });
    expect(end).toEqual({ kind: 'complete' });
    expect(JSON.parse(text)).toHaveLength(3);
    expect(text).toContain('[REDACTED:email_address]');
  });

  it('breaks off with an error as its last element, which may be its only one', async () => {
    const error = { error: expect.objectContaining({ code: 403 }) as unknown };
    expect(JSON.parse(ARRAY.errorEvent(FACTS, false))).toEqual([error]);
    expect(JSON.parse(`[{}${ARRAY.errorEvent(FACTS, true)}`)).toEqual([{}, error]);
    const body = bodyOf(candidate({ text: 'Hi' }), FINISH, candidate({ functionCall: { name: 'rm' } }));
    const { text } = await runStream(ARRAY, body, []);
    expect(JSON.parse(`${text}${ARRAY.errorEvent(FACTS, true)}`)).toEqual([
      candidate({ text: 'Hi' }),
      FINISH,
      error,
    ]);
  });
});

describe('an error among events', () => {
  it('is one that the SDK throws on', () => {
    const [, data = ''] = /^data: (.*)\n\n$/.exec(EVENTS.errorEvent(FACTS, true)) ?? [];
    expect(JSON.parse(data)).toMatchObject({ error: { code: 403, status: 'PERMISSION_DENIED' } });
  });
});
