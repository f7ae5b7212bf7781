import { eventually } from '@behavry/testing';
import {
  about,
  added,
  called,
  calling,
  completed,
  done,
  runResponse as run,
  said,
  saying,
} from '../../../test/responses-stream';

const FAILED = { kind: 'failed', fault: 'upstream_error' };
const COMPLETE = { kind: 'complete' };
const RM = { name: 'rm', arguments: { path: '/x' } };
const PATH = ['{"path"', ':"/x"}'] as const;
const WHOLE = PATH.join('');

describe('a call in a streamed response', () => {
  const call = calling(0, 'rm', ...PATH);
  const stream = `${call}${completed([called('rm', WHOLE)])}`;

  it('is decided once, however often it is told, and leaves as it came', async () => {
    const allowed = await run(stream);
    expect(allowed).toMatchObject({ text: stream, judged: [RM], end: COMPLETE });
    expect(allowed.judged).toHaveLength(1);
    expect(allowed.exchange.tokens).toEqual({ prompt: 2, completion: 1, total: 3 });
  });

  it('is held until it is decided, and what comes behind it too', async () => {
    const { steps, end } = await run(`${saying(0, 'Hi')}${calling(1, 'rm', ...PATH)}${completed([])}`, [], {
      until: (out) => eventually(() => expect(out.join('')).toBe(saying(0, 'Hi'))),
    });
    expect(end).toEqual(COMPLETE);
    expect(steps[0]).toBe(saying(0, 'Hi'));
  });

  it('leaves nothing of itself when it is refused', async () => {
    expect(await run(stream, [], { denied: 'rm' })).toMatchObject({
      text: '',
      end: { kind: 'refused', refusal: { reasonCode: 'policy_deny' } },
    });
  });

  it.each([
    ['in the last event', completed([called('rm', WHOLE)])],
    ['in the last event of one that failed', completed([called('rm', WHOLE)], 'failed')],
    ['in the event that ends its item', `${done(0, called('rm', WHOLE))}${completed([])}`],
    [
      'in the event that ends its arguments, and the last',
      `${about(0, 'function_call_arguments.done', { arguments: WHOLE })}${completed([called('rm', WHOLE)])}`,
    ],
    [
      'without pieces',
      `${added(0, called('rm', WHOLE))}${done(0, called('rm', WHOLE))}${completed([called('rm', WHOLE)])}`,
    ],
    ['behind an item that was something else', `${saying(0, 'Hi')}${completed([called('rm', WHOLE)])}`],
  ])('is decided when it is told only %s', async (_name, text) => {
    expect((await run(text)).judged).toEqual([RM]);
    const { text: passed, end } = await run(text, [], { denied: 'rm' });
    expect(passed).not.toContain('rm');
    expect(end).toMatchObject({ kind: 'refused', refusal: { reasonCode: 'policy_deny' } });
  });

  const other = '{"path":"/"}';
  const pieces = PATH.map((delta) => about(0, 'function_call_arguments.delta', { delta })).join('');
  const begun = `${added(0, called('rm', ''))}${pieces}`;
  it.each([
    ['its last event', `${call}${completed([called('rm', other)])}`],
    ['its last event by another name', `${call}${completed([called('mv', WHOLE)])}`],
    [
      'its last event by another kind',
      `${call}${completed([{ type: 'custom_tool_call', name: 'rm', input: WHOLE }])}`,
    ],
    ['its last event in a namespace', `${call}${completed([{ ...called('rm', WHOLE), namespace: 'n' }])}`],
    ['its last event by another id', `${call}${completed([{ ...called('rm', WHOLE), id: 'x' }])}`],
    ['the event that ends its item', `${begun}${done(0, called('rm', other))}`],
    ['the event that ends its item, by another name', `${begun}${done(0, called('mv', WHOLE))}`],
    ['the event that ends its item, once more', `${call}${done(0, called('rm', other))}`],
    [
      'the event that ends its arguments',
      `${begun}${about(0, 'function_call_arguments.done', { arguments: other })}`,
    ],
    [
      'the event that ends its arguments, by another name',
      `${begun}${about(0, 'function_call_arguments.done', { arguments: WHOLE, name: 'mv' })}`,
    ],
    [
      'two events that tell it whole',
      `${added(0, called('rm', ''))}${about(0, 'function_call_arguments.done', { arguments: '' })}${done(0, called('rm', other))}`,
    ],
    [
      'a piece behind its whole',
      `${begun}${about(0, 'function_call_arguments.done', { arguments: WHOLE })}${about(0, 'function_call_arguments.delta', { delta: ' ' })}`,
    ],
    [
      'a piece of another item under its id',
      `${begun}${about(1, 'function_call_arguments.delta', { item_id: 'item_0', delta: ' ' })}`,
    ],
    [
      'a piece of its own under another id',
      `${begun}${about(0, 'function_call_arguments.delta', { item_id: 'item_1', delta: ' ' })}`,
    ],
    ['a piece of another kind', `${begun}${about(0, 'custom_tool_call_input.delta', { delta: ' ' })}`],
    ['a second beginning', `${begun}${added(0, called('mv', ''))}`],
  ])('is not understood when it is told otherwise by %s', async (_name, text) => {
    const { text: passed, end } = await run(`${text}${completed([called('rm', WHOLE)])}`);
    expect(end).toEqual(FAILED);
    expect(passed).not.toContain('"path\\":\\"/\\"');
    expect(passed).not.toContain('mv');
  });

  it('does not go on after it was decided', async () => {
    const late = about(0, 'function_call_arguments.delta', { delta: ' && rm -rf /' });
    const outcome = await run(`${call}${late}${completed([called('rm', WHOLE)])}`);
    expect(outcome).toMatchObject({ text: '', end: FAILED });
  });

  it('without a name is decided by nobody', async () => {
    const outcome = await run(`${pieces}${completed([])}`);
    expect(outcome.judged).toEqual([{ name: '', arguments: { path: '/x' } }]);
  });

  it('is told apart from others that are written at the same time', async () => {
    const first = calling(0, 'get', '{"a"', ':1}').split('\n\n');
    const second = calling(1, 'rm', ...PATH).split('\n\n');
    const mixed = first
      .flatMap((text, place) => [text, second[place]])
      .filter(Boolean)
      .join('\n\n');
    const text = `${mixed}\n\n${saying(2, 'Hi', ' you')}${completed([called('get', '{"a":1}'), called('rm', WHOLE), said('Hi you')])}`;
    expect(await run(text)).toMatchObject({
      text,
      judged: [{ name: 'get', arguments: { a: 1 } }, RM],
      end: COMPLETE,
    });
    const denied = await run(text, [], { denied: 'rm' });
    expect(denied.text).not.toMatch(/path|rm|Hi/);
    expect(denied.end).toMatchObject({ kind: 'refused' });
  });

  it('counts as one of so many as any answer has', async () => {
    const many = Array.from({ length: 130 }, (_, place) => calling(place, 'rm', WHOLE)).join('');
    expect((await run(`${many}${completed([])}`)).end).toMatchObject({
      kind: 'refused',
      refusal: { reasonCode: 'result_too_large' },
    });
  });
});

describe('a call of another kind in a streamed response', () => {
  const shell = (commands: readonly string[], environment: object | null = { type: 'local' }): object => ({
    ...{ type: 'shell_call', call_id: 'c', action: { commands, timeout_ms: null }, environment },
  });
  const commands = (...pieces: readonly string[]): string =>
    [
      about(0, 'shell_call_command.added', { command_index: 0, command: '' }),
      ...pieces.map((delta) => about(0, 'shell_call_command.delta', { command_index: 0, delta })),
      about(0, 'shell_call_command.done', { command_index: 0, command: pieces.join('') }),
    ].join('');
  const patch = (diff: string): object => ({
    ...{ type: 'apply_patch_call', call_id: 'c', operation: { type: 'update_file', path: 'a', diff } },
  });
  const click = (x: number): object => ({ type: 'computer_call', actions: [{ type: 'click', x }] });
  const approval = (args: string): object => ({
    ...{ type: 'mcp_approval_request', server_label: 's', name: 'del', arguments: args },
  });
  const grep = (input: string): object => ({ type: 'custom_tool_call', name: 'grep', input });

  it.each([
    [
      'a custom tool',
      `${added(0, grep(''))}${about(0, 'custom_tool_call_input.delta', { delta: 'TO' })}${about(0, 'custom_tool_call_input.delta', { delta: 'DO' })}${about(0, 'custom_tool_call_input.done', { input: 'TODO' })}`,
      grep('TODO'),
      { name: 'grep', arguments: { input: 'TODO' } },
    ],
    [
      'a shell',
      `${added(0, shell([]))}${commands('rm', ' -rf')}`,
      shell(['rm -rf']),
      { name: 'shell', arguments: { commands: ['rm -rf'], timeout_ms: null } },
    ],
    [
      'a shell whose place is told late',
      `${added(0, { type: 'shell_call' })}${commands('rm', ' -rf')}`,
      shell(['rm -rf'], null),
      { name: 'shell', arguments: { commands: ['rm -rf'], timeout_ms: null } },
    ],
    [
      'a patch',
      `${added(0, patch(''))}${about(0, 'apply_patch_call_operation_diff.delta', { delta: '+a' })}${about(0, 'apply_patch_call_operation_diff.delta', { delta: 'b' })}${about(0, 'apply_patch_call_operation_diff.done', { diff: '+ab' })}`,
      patch('+ab'),
      { name: 'apply_patch', arguments: { type: 'update_file', path: 'a', diff: '+ab' } },
    ],
    [
      'a click',
      added(0, click(1)),
      click(1),
      { name: 'computer', arguments: { actions: [{ type: 'click', x: 1 }] } },
    ],
    [
      'an approval',
      added(0, approval('')),
      approval('{"page":1}'),
      { name: 'mcp_approval', arguments: { server_label: 's', name: 'del', arguments: { page: 1 } } },
    ],
  ])('is decided once: %s', async (_name, begun, item, judged) => {
    const text = `${begun}${done(0, item)}${completed([item])}`;
    expect(await run(text)).toMatchObject({ text, end: COMPLETE });
    expect((await run(text)).judged).toEqual([judged]);
    const denied = await run(text, [], { denied: judged.name });
    expect(denied).toMatchObject({ text: '', end: { kind: 'refused' } });
  });

  it.each([
    ['its commands', `${added(0, shell([]))}${commands('ls')}${done(0, shell(['rm']))}`],
    ['a command more', `${added(0, shell([]))}${commands('ls')}${done(0, shell([]))}`],
    [
      'the end of a command',
      `${added(0, shell([]))}${commands('ls').replace('"command":"ls"', '"command":"rm"')}${done(0, shell(['ls']))}`,
    ],
    [
      'a command behind its end',
      `${added(0, shell([]))}${commands('ls')}${done(0, shell(['ls']))}${commands('ls')}`,
    ],
    ['its beginning', `${added(0, shell(['ls']))}${done(0, shell(['rm']))}`],
    ['a number', `${added(0, click(1))}${done(0, click(2))}`],
    ['no end', `${added(0, shell([]))}${commands('ls')}`],
    [
      'an approval of something else',
      `${added(0, approval('{"page":2}'))}${done(0, approval('{"page":1}'))}`,
    ],
    [
      'its last event',
      `${added(0, shell([]))}${commands('ls')}${done(0, shell(['ls']))}${completed([shell(['rm'])])}`,
    ],
  ])('is not understood when it is told otherwise by %s', async (_name, text) => {
    const outcome = await run(`${text}${completed([])}`);
    expect(outcome.end).toEqual(FAILED);
    expect(outcome.text).not.toContain('rm');
  });

  it('is none of the agent where the provider ran it', async () => {
    const mcp = { type: 'mcp_call', server_label: 's', name: 'find', arguments: '{"a":1}' };
    const text = [
      added(0, { ...mcp, arguments: '' }),
      about(0, 'mcp_call_arguments.delta', { delta: '{"a":1}' }),
      about(0, 'mcp_call_arguments.done', { arguments: '{"a":1}' }),
      `${about(0, 'mcp_call.completed')}${done(0, mcp)}${completed([mcp])}`,
    ].join('');
    expect(await run(text)).toMatchObject({ text, judged: [], end: COMPLETE });
  });

  it('is judged whatever an answer says of where it ran: no request here has asked for a container', async () => {
    const item = shell(['ls'], { type: 'container_reference', container_id: 'c' });
    const text = `${added(0, { ...item, action: null })}${commands('ls')}${done(0, item)}${completed([item])}`;
    const { judged, end } = await run(text);
    expect(judged).toMatchObject([{ name: 'shell', arguments: { commands: ['ls'] } }]);
    expect(end).toEqual(COMPLETE);
  });
});
