import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { APIError } from 'openai';
import { Stream } from 'openai/streaming';
import {
  about,
  added,
  called,
  calling,
  completed,
  event,
  runResponse as run,
  said,
  saying,
} from '../../../test/responses-stream';
import { RESPONSES } from './responses';

const FAILED = { kind: 'failed', fault: 'upstream_error' };
const COMPLETE = { kind: 'complete' };
const RM = { name: 'rm', arguments: { path: '/x' } };
const PATH = ['{"path"', ':"/x"}'] as const;
const WHOLE = PATH.join('');
const RECORDED = readFileSync(join(__dirname, '../../../test/fixtures/openai/responses-stream.sse'), 'utf8');

describe('a text in a streamed response', () => {
  const [half, rest] = ['AKIAIOSFODNN', '7EXAMPLE'];
  const at = { content_index: 0, summary_index: 0, command_index: 0 };
  const part = (text: string): object => ({ part: { type: 'output_text', text } });
  const texts: readonly [string, string][] = [
    [
      'a text',
      `${about(0, 'output_text.delta', { ...at, delta: half })}${about(0, 'output_text.delta', { ...at, delta: rest })}`,
    ],
    [
      'a refusal',
      `${about(0, 'refusal.delta', { ...at, delta: half })}${about(0, 'refusal.delta', { ...at, delta: rest })}`,
    ],
    [
      'a thought',
      `${about(0, 'reasoning_text.delta', { ...at, delta: half })}${about(0, 'reasoning_text.delta', { ...at, delta: rest })}`,
    ],
    [
      'a summary',
      `${about(0, 'reasoning_summary_part.added', { ...at, ...part(half) })}${about(0, 'reasoning_summary_text.delta', { ...at, delta: rest })}`,
    ],
    [
      'code',
      `${added(0, { type: 'code_interpreter_call', code: half })}${about(0, 'code_interpreter_call_code.delta', { delta: rest })}`,
    ],
    [
      'arguments of another server',
      `${about(0, 'mcp_call_arguments.delta', { delta: half })}${about(0, 'mcp_call_arguments.delta', { delta: rest })}`,
    ],
    [
      'arguments',
      `${added(0, called('f', half))}${about(0, 'function_call_arguments.delta', { delta: rest })}`,
    ],
    [
      'an input',
      `${about(0, 'custom_tool_call_input.delta', { delta: half })}${about(0, 'custom_tool_call_input.delta', { delta: rest })}`,
    ],
    [
      'a command',
      `${about(0, 'shell_call_command.added', { ...at, command: half })}${about(0, 'shell_call_command.delta', { ...at, delta: rest })}`,
    ],
    [
      'a patch',
      `${added(0, { type: 'apply_patch_call', operation: { diff: half } })}${about(0, 'apply_patch_call_operation_diff.delta', { delta: rest })}`,
    ],
    [
      'what a command said',
      `${about(0, 'shell_call_output_content.delta', { ...at, delta: { stdout: half } })}${about(0, 'shell_call_output_content.delta', { ...at, delta: { stdout: rest } })}`,
    ],
    [
      'what is heard',
      `${event('response.audio.transcript.delta', { delta: half })}${event('response.audio.transcript.delta', { delta: rest })}`,
    ],
    [
      'sound',
      `${event('response.audio.delta', { delta: half })}${event('response.audio.delta', { delta: rest })}`,
    ],
    [
      'a part that is begun',
      `${about(0, 'content_part.added', { ...at, ...part(half) })}${about(0, 'output_text.delta', { ...at, delta: rest })}`,
    ],
    [
      'an item that is begun',
      `${added(0, said(half))}${about(0, 'output_text.delta', { ...at, delta: rest })}`,
    ],
    ['an end', about(0, 'output_text.done', { ...at, text: half + rest })],
  ];
  it.each(texts)('is read over the borders of its events: %s', async (_name, text) => {
    const { text: passed, end } = await run(`${text}${completed([])}`);
    expect(passed).not.toContain('AKIA');
    expect(end).toMatchObject({ kind: 'refused', refusal: { reasonCode: 'dlp_inbound_blocked' } });
  });

  it('tells where it stands when something is found', async () => {
    const { findings } = await run(`${saying(3, 'Mail a@', 'b.example.com now')}${completed([])}`);
    expect(findings).toContainEqual(
      expect.objectContaining({ pattern: 'email_address', field: '/output/3/content/0/text', span: [5, 20] }),
    );
  });

  it('is redacted wherever it is told again, and its probabilities go', async () => {
    const text = `Key ${half}${rest} now`;
    const stream = `${saying(0, `Key ${half}`, `${rest} now`)}${calling(1, 'rm', ...PATH)}${completed([said(text, [{ token: text }]), called('rm', WHOLE)])}`;
    const outcome = await run(stream, [], { redacts: true });
    expect(outcome.end).toEqual(COMPLETE);
    expect(outcome.judged).toEqual([RM]);
    expect(outcome.text).not.toMatch(/AKIA|7EXAMPLE|token"|obfuscation/);
    // Its deltas, its own end and that of its part, of its item, and of the response.
    expect(outcome.text.split('[REDACTED:')).toHaveLength(6);
    expect(outcome.text).toContain(calling(1, 'rm', ...PATH));
  });

  it('that is heard is over when its event says so', async () => {
    const heard = event('response.audio.transcript.delta', { delta: 'Hi' });
    const over = `${heard}${event('response.audio.transcript.done')}`;
    expect(await run(`${over}${completed([])}`)).toMatchObject({ end: COMPLETE });
    expect(await run(`${over}${heard}${completed([])}`)).toMatchObject({ text: over, end: FAILED });
  });

  it('does not go on after its item', async () => {
    const late = about(0, 'output_text.delta', { content_index: 0, delta: 'more' });
    expect(await run(`${saying(0, 'Hi')}${late}${completed([])}`)).toMatchObject({ end: FAILED });
  });
});

describe('a streamed response', () => {
  it.each([
    ['an event of an unknown type', event('response.of_next_year')],
    ['an event that is named otherwise', 'event: ping\ndata: {"type":"keepalive"}\n\n'],
    ['an event without a name', 'data: {"type":"keepalive"}\n\n'],
    ['an event that is no JSON', 'event: keepalive\ndata: x\n\n'],
    [
      'an event that names a member twice',
      'event: keepalive\ndata: {"type":"keepalive","type":"keepalive"}\n\n',
    ],
    ['an error', event('error', { code: 'server_error', message: 'x', param: null })],
    ['an item of an unknown type', added(0, { type: 'of_next_year' })],
    ['an item that is none', event('response.output_item.done', { output_index: 0, item: 'x' })],
    ['an item without a place', event('response.output_item.added', { item: said('') })],
    [
      'an item at a place that is none',
      event('response.output_item.added', { output_index: -1, item: said('') }),
    ],
    ['a text without a place', event('response.output_text.delta', { output_index: 0, delta: 'x' })],
    ['a text that is none', about(0, 'output_text.delta', { content_index: 0, delta: 7 })],
    ['arguments that are no text', about(0, 'function_call_arguments.delta', { delta: {} })],
    ['a name that is none', about(0, 'function_call_arguments.done', { name: 7, arguments: '' })],
    [
      'a call in a response that has only begun',
      event('response.created', { response: { output: [called('rm', '')] } }),
    ],
    ['a beginning without a response', event('response.created')],
    ['an end without an output', event('response.completed', { response: {} })],
    ['an end with an item of an unknown type', completed([{ type: 'of_next_year' }])],
    ['no end', saying(0, 'Hi')],
  ])('is not complete with %s', async (_name, text) => {
    const outcome = await run(text);
    expect(outcome.end).toEqual(FAILED);
    const { end } = text.includes('Hi') ? outcome : await run(`${text}${completed([])}`);
    expect(end).toEqual(FAILED);
  });

  it.each(['completed', 'incomplete', 'failed'])('is complete when it is %s', async (state) => {
    const text = `${event('response.created', { response: { output: null } })}${saying(0, 'Hi')}${completed([said('Hi')], state)}`;
    expect(await run(`${text}data: [DONE]\n\n`)).toMatchObject({ text, end: COMPLETE });
  });

  it('comes to the same however a recorded one is cut', async () => {
    const whole = await run(RECORDED);
    expect(whole).toMatchObject({ text: RECORDED, end: COMPLETE });
    for (let cut = 1; cut < RECORDED.length; cut += 97) {
      const { text, end, judged } = await run(RECORDED, [cut, cut + 1]);
      expect({ text, end, judged }).toEqual({ text: whole.text, end: whole.end, judged: whole.judged });
    }
  });

  it('that breaks off makes the SDK throw', async () => {
    const facts = { status: 403, reasonCode: 'policy_deny', message: 'no', requestId: 'r1' } as const;
    const body = `${event('response.created', { response: {} })}${RESPONSES.errorEvent(facts, true)}`;
    const stream = Stream.fromSSEResponse<{ type: string }>(new Response(body), new AbortController());
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { type } of stream) seen.push(type);
    };
    const failure: unknown = await read().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(APIError);
    expect(failure).toMatchObject({ code: 'policy_deny' });
    expect(seen).toEqual(['response.created']);
  });
});
