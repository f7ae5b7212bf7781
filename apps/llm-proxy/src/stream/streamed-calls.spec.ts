import { eventually } from '@behavry/testing';
import { calling, contentOf, DONE, event, runChat as run } from '../../test/chat-stream';

describe('a tool call in a stream', () => {
  const call =
    calling({ index: 0, id: 'c', type: 'function', function: { name: 'rm', arguments: '{"path"' } }) +
    calling({ index: 0, function: { arguments: ':"/x"}' } });
  const finish = event({ delta: {}, finish_reason: 'tool_calls' });

  it('waits until it is whole and decided', async () => {
    const allowed = await run(`${call}${finish}${DONE}`);
    expect(allowed.judged).toEqual([{ name: 'rm', arguments: { path: '/x' } }]);
    expect(allowed.text).toBe(`${call}${finish}${DONE}`);
    const denied = await run(`${call}${finish}${DONE}`, [], { denied: 'rm' });
    expect(denied).toMatchObject({
      text: '',
      end: { kind: 'refused', refusal: { reasonCode: 'policy_deny' } },
    });
  });

  it('does not keep the text before it waiting', async () => {
    const before = event({ delta: { content: 'Let me look.' } });
    let isOut = false;
    const { end } = await run(`${before}${call}${finish}${DONE}`, [], {
      until: (steps) =>
        eventually(() => {
          isOut = contentOf(steps.join('')) === 'Let me look.';
          expect(isOut).toBe(true);
        }),
    });
    expect([isOut, end]).toEqual([true, { kind: 'complete' }]);
  });

  it('is decided also when its choice is never finished', async () => {
    expect(await run(`${call}${DONE}`, [], { denied: 'rm' })).toMatchObject({
      text: '',
      end: { kind: 'refused' },
    });
    expect(await run(call)).toMatchObject({
      text: '',
      judged: [],
      end: { kind: 'failed', fault: 'upstream_error' },
    });
  });

  it('does not go on after it was decided', async () => {
    const late = calling({ index: 0, function: { arguments: ' && rm -rf /' } });
    expect(await run(`${call}${finish}${late}${DONE}`)).toMatchObject({ end: { kind: 'failed' } });
  });

  it.each([
    [
      'a second name',
      [
        { index: 0, function: { name: 'get' } },
        { index: 0, function: { name: 'rm', arguments: '{}' } },
      ],
    ],
    [
      'a function and a custom tool at once',
      [{ index: 0, function: { name: 'get' }, custom: { name: 'rm' } }],
    ],
    [
      'one kind and then another',
      [
        { index: 0, function: { name: 'get' } },
        { index: 0, custom: { input: 'x' } },
      ],
    ],
    ['a kind that its content is not', [{ index: 0, type: 'custom', function: { name: 'get' } }]],
    ['a kind that nobody knows', [{ index: 0, type: 'mcp', mcp: { name: 'rm' } }]],
    ['arguments that are no text', [{ index: 0, function: { name: 'rm', arguments: { path: '/' } } }]],
    ['a name that is no text', [{ index: 0, function: { name: ['rm'], arguments: '{}' } }]],
  ])('is not understood with %s', async (_name, parts) => {
    const outcome = await run(`${parts.map((part) => calling(part)).join('')}${finish}${DONE}`);
    expect(outcome).toMatchObject({ text: '', judged: [], end: { kind: 'failed', fault: 'upstream_error' } });
  });

  it.each([
    ['names a member twice', '{"path":"/home/a/b/c","path":"/"}'],
    ['has a number that readers round', '{"path":"/","n":12345678901234567890}'],
    ['carries a prototype', '{"path":"/","__proto__":1}'],
    ['is cut off', '{"path":"/"'],
    ['is a list', '["/"]'],
    ['is a blank', ' '],
  ])('comes to the judge without arguments when its text %s', async (_name, args) => {
    const text = calling({ index: 0, function: { name: 'rm', arguments: args } });
    expect((await run(`${text}${finish}${DONE}`)).judged).toEqual([{ name: 'rm', arguments: undefined }]);
  });

  it('has no arguments when its text is empty, and its free text when it is a custom tool', async () => {
    const text =
      calling({ index: 0, function: { name: 'now', arguments: '' } }) +
      calling({ index: 1, type: 'custom', custom: { name: 'grep', input: '{"path":"/","path":"/x"}' } });
    expect((await run(`${text}${finish}${DONE}`)).judged).toEqual([
      { name: 'now', arguments: {} },
      { name: 'grep', arguments: { input: '{"path":"/","path":"/x"}' } },
    ]);
  });
});
