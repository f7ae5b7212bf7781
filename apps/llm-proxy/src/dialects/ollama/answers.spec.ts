import { runStream } from '../../../test/run-stream';
import type { Endpoint } from '../dialect';
import { OLLAMA } from './ollama';

const FACTS = { status: 403, reasonCode: 'policy_deny', message: 'no', requestId: 'r' } as const;

function endpoint(path: string, method = 'POST'): Endpoint {
  const found = OLLAMA.endpointOf({ method, path, query: '' });
  if (!found) throw new Error(path);
  return found;
}

const CHAT = endpoint('/api/chat');
const GENERATE = endpoint('/api/generate');

function lines(...values: object[]): Buffer {
  return Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
}

const says = (message: object, more: object = {}): object => ({ model: 'm', message, done: false, ...more });
const calls = (...called: object[]): object => says({ role: 'assistant', content: '', tool_calls: called });
const DONE = { model: 'm', message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop' };

const NOT_UNDERSTOOD: readonly (readonly [string, object])[] = [
  ['an error', { error: 'out of memory' }],
  ['an error beside a message', { ...DONE, error: 'x' }],
  ['an end that is no truth', { ...DONE, done: 'true' }],
  ['a message that is a text', { message: 'x', done: true }],
  ['a message in another case', { ...DONE, Message: { tool_calls: [] } }],
  ['two kinds of answer', { ...DONE, response: 'x' }],
  ['a text that is none', { ...DONE, message: { content: {} } }],
  ['a response that is none', { response: [], done: true }],
  ['calls that are no list', { ...DONE, message: { tool_calls: {} } }],
  ['calls in another case', { ...DONE, message: { Tool_Calls: [] } }],
  ['calls in a case that folds', { ...DONE, message: { 'tool_call\u017f': [] } }],
  ['calls in another form', { ...DONE, message: { toolCalls: [] } }],
  ['a call that is a text', calls('rm' as unknown as object)],
  ['a call without a function', calls({ id: 'x' })],
  ['a call of another kind', calls({ type: 'custom', function: { name: 'rm' } })],
  ['a call of two kinds', calls({ function: { name: 'ls' }, custom: { name: 'rm' } })],
  ['a call with two names', calls({ function: { name: 'ls', Name: 'rm' } })],
  ['a call without a name', calls({ function: { arguments: {} } })],
  ['a call with a member that nobody knows', calls({ function: { name: 'ls', args: {} } })],
];

describe('an answer of Ollama', () => {
  it('yields its calls and its tokens', () => {
    const answer = {
      ...DONE,
      message: {
        content: '',
        tool_calls: [
          { function: { name: 'a', arguments: { x: 1 } } },
          { id: '1', type: 'function', function: { index: 1, name: 'b' } },
          { function: { name: 'c', arguments: '{"x":1}' } },
        ],
      },
      prompt_eval_count: 5,
      eval_count: 3,
    };
    expect(CHAT.readAnswer(answer)).toEqual({
      model: 'm',
      calls: [
        { name: 'a', arguments: { x: 1 } },
        { name: 'b', arguments: {} },
        { name: 'c', arguments: undefined },
      ],
      tokens: { prompt: 5, completion: 3, total: 8 },
    });
    const generated = { response: 'x', done: true, tool_calls: [{ function: { name: 'a' } }] };
    expect(GENERATE.readAnswer(generated)).toEqual({ calls: [{ name: 'a', arguments: {} }] });
  });

  it('may only say that a model is loaded', () => {
    expect(CHAT.readAnswer({ model: 'm', done: true, done_reason: 'load' })).toEqual({
      model: 'm',
      calls: [],
    });
    expect(CHAT.readAnswer({ model: 'm' })).toBeUndefined();
  });

  it.each(NOT_UNDERSTOOD)('is not understood with %s, whole and as a line', (_name, value) => {
    expect(CHAT.readAnswer(value)).toBeUndefined();
    expect(CHAT.readChunk({ data: JSON.stringify(value) })).toBeUndefined();
  });

  it('is of its own kind where it has no text', () => {
    expect(endpoint('/api/embed').readAnswer({ embeddings: [[1]], prompt_eval_count: 2 })).toEqual({
      calls: [],
      tokens: { prompt: 2, completion: 0, total: 2 },
    });
    for (const [method, path, answer] of [
      ['POST', '/api/embeddings', { embedding: [1] }],
      ['POST', '/api/show', { details: {}, modelfile: '' }],
      ['GET', '/api/tags', { models: [] }],
      ['GET', '/api/ps', { models: null }],
      ['GET', '/api/version', { version: '1' }],
    ] as const) {
      const found = endpoint(path, method);
      expect(found.readAnswer(answer)).toEqual({ calls: [] });
      expect(found.readAnswer({ error: 'x', ...answer })).toBeUndefined();
      expect(found.readAnswer([answer])).toBeUndefined();
      expect(found.readChunk({ data: JSON.stringify(DONE) })).toBeUndefined();
    }
    expect(endpoint('/api/show').readAnswer({ message: {} })).toBeUndefined();
  });
});

describe('a stream of Ollama', () => {
  it('is taken apart into running texts', () => {
    const read = CHAT.readChunk({
      data: JSON.stringify(says({ role: 'assistant', content: 'a', thinking: 'b' })),
    });
    expect(read?.pieces.map(({ channel, text }) => [channel, text])).toEqual([
      ['/message/content', 'a'],
      ['/message/thinking', 'b'],
    ]);
    expect(read?.rest).toMatchObject({ message: { role: 'assistant', content: '', thinking: '' } });
    const generated = GENERATE.readChunk({ data: '{"response":"a","thinking":"b","done":false}' });
    expect(generated?.pieces.map(({ channel, text }) => [channel, text])).toEqual([
      ['/response', 'a'],
      ['/thinking', 'b'],
    ]);
  });

  it('is complete with the line that says so, and has nothing behind it', async () => {
    const body = lines(says({ content: 'Hi' }), DONE);
    const late = lines(calls({ function: { name: 'rm', arguments: {} } }));
    const outcome = await runStream(CHAT, Buffer.concat([body, late]), []);
    expect(outcome).toMatchObject({ text: body.toString(), judged: [], end: { kind: 'complete' } });
    expect((await runStream(CHAT, lines(says({ content: 'Hi' })), [])).end).toMatchObject({ kind: 'failed' });
    const unended = body.subarray(0, -1);
    expect(await runStream(CHAT, unended, [])).toMatchObject({
      text: body.toString(),
      end: { kind: 'complete' },
    });
  });

  it.each([
    ['reports an error', '{"error":"model runner has stopped"}\n'],
    ['is no JSON', 'hello\n'],
    ['names a member twice', '{"done":false,"done":true}\n'],
    ['has two texts on a line', '{"done":false}{"done":true}\n'],
  ])('fails when it %s', async (_name, text) => {
    const { end, text: passed } = await runStream(CHAT, Buffer.from(text), []);
    expect([passed, end]).toEqual(['', { kind: 'failed', fault: 'upstream_error' }]);
  });

  it('decides every call before any leaves', async () => {
    const body = lines(
      says({ content: 'Look. ' }),
      calls({ function: { name: 'ls', arguments: { path: '/x' } } }),
      calls({ function: { name: 'rm', arguments: { path: '/' } } }),
      DONE,
    );
    const { text, judged, end } = await runStream(CHAT, body, [], { denied: 'rm' });
    expect(judged).toEqual([
      { name: 'ls', arguments: { path: '/x' } },
      { name: 'rm', arguments: { path: '/' } },
    ]);
    expect(text).toBe(lines(says({ content: 'Look. ' })).toString());
    expect(end).toMatchObject({ kind: 'refused', refusal: { reasonCode: 'policy_deny' } });
  });

  it('brings arguments that are no object to the judge as none', async () => {
    const { judged } = await runStream(
      CHAT,
      lines(calls({ function: { name: 'f', arguments: '{}' } }), DONE),
      [],
    );
    expect(judged).toEqual([{ name: 'f', arguments: undefined }]);
  });

  it('loses what repeats its texts token by token where they are redacted', async () => {
    const body = lines(
      { response: 'Mail a@b.exam', done: false, logprobs: [{ token: 'a@b.exam' }] },
      { response: 'ple.com', done: false },
      { response: '', done: true, context: [1, 2] },
    );
    const { text, end } = await runStream(GENERATE, body, [], { redacts: true });
    expect(text).not.toMatch(/b\.exam|logprobs|context/);
    expect(text).toContain('[REDACTED:email_address]');
    expect(end).toEqual({ kind: 'complete' });
    expect(CHAT.dropEchoes([])).toBe(false);
  });

  it('breaks off with a line that the SDK throws on', () => {
    expect(CHAT.errorEvent(FACTS, true)).toBe('{"error":"no (policy_deny)"}\n');
  });
});
