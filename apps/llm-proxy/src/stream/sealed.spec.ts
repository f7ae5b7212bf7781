import { Scan } from '@behavry/pipeline';
import { runStream } from '../../test/run-stream';
import { MESSAGES } from '../dialects/anthropic/messages';
import { GEMINI } from '../dialects/gemini/gemini';
import { CHAT } from '../dialects/openai/chat';
import { RESPONSES } from '../dialects/openai/responses';
import { breaksSeal } from './sealed';

const SECRET = 'AKIAIOSFODNN7EXAMPLE';
const SCAN = Scan.of([], { injection: 'observe' });
const gemini = (verb: string, query = ''): NonNullable<ReturnType<typeof GEMINI.endpointOf>> => {
  const found = GEMINI.endpointOf({ method: 'POST', path: `/v1beta/models/m:${verb}`, query });
  if (!found) throw new Error(verb);
  return found;
};

describe('a part that its provider has signed', () => {
  it.each([
    [
      'thoughts of Anthropic',
      MESSAGES,
      { content: [{ type: 'thinking', thinking: SECRET, signature: 's' }] },
    ],
    [
      'thoughts in a history',
      MESSAGES,
      { messages: [{ content: [{ type: 'thinking', thinking: SECRET, signature: 's' }] }] },
    ],
    [
      'a part of Gemini',
      gemini('generateContent'),
      { candidates: [{ content: { parts: [{ text: SECRET, thought_signature: 's' }] } }] },
    ],
    [
      'thoughts of Gemini',
      gemini('generateContent'),
      { candidates: [{ content: { parts: [{ text: SECRET, thought: true }] } }] },
    ],
  ])('loses nothing: %s', (_name, endpoint, value) => {
    for (const direction of ['inbound', 'outbound'] as const) {
      expect(breaksSeal(SCAN, direction, endpoint, value)).toBe(true);
      const clean: unknown = JSON.parse(JSON.stringify(value).replace(SECRET, 'nothing'));
      expect(breaksSeal(SCAN, direction, endpoint, clean)).toBe(false);
    }
  });

  it('is not what stands beside it, nor what nobody signs', () => {
    const text = {
      content: [
        { type: 'thinking', thinking: 'x' },
        { type: 'text', text: SECRET },
      ],
    };
    expect(breaksSeal(SCAN, 'inbound', MESSAGES, text)).toBe(false);
    expect(breaksSeal(SCAN, 'inbound', CHAT, { choices: [{ message: { content: SECRET } }] })).toBe(false);
  });

  const event = (type: string, more: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, index: 0, ...more })}\n\n`;
  const thinking = (type: string, member: string): Buffer =>
    Buffer.from(
      [
        event('content_block_start', { content_block: { type, [member]: '' } }),
        ...['It is AKIAIOSFODNN', '7EXAMPLE, I think.'].map((text) =>
          event('content_block_delta', { delta: { type: `${type}_delta`, [member]: text } }),
        ),
        event('content_block_stop', {}),
        `event: message_stop\ndata: {"type":"message_stop"}\n\n`,
      ].join(''),
    );

  it('ends a stream where something would be taken out of it, and only it', async () => {
    const sealed = await runStream(MESSAGES, thinking('thinking', 'thinking'), [], { redacts: true });
    expect(sealed.end).toMatchObject({ kind: 'refused', refusal: { reasonCode: 'obligation_unkept' } });
    expect(sealed.text).not.toMatch(/AKIA|7EXAMPLE/);
    const open = await runStream(MESSAGES, thinking('text', 'text'), [], { redacts: true });
    expect(open.end).toEqual({ kind: 'complete' });
    expect(open.text).toContain('[REDACTED:');
  });

  it.each([
    ['its deltas', 'response.reasoning_summary_text.delta', { summary_index: 0, delta: SECRET }],
    ['its end', 'response.output_item.done', { item: { type: 'reasoning', summary: [{ text: SECRET }] } }],
  ])("ends a stream of OpenAI's at %s", async (_name, type, more) => {
    const data = JSON.stringify({ type, output_index: 0, ...more });
    const done = '{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning"}}';
    const body = `event: ${type}\ndata: ${data}\n\nevent: response.output_item.done\ndata: ${done}\n\n`;
    const { text, end } = await runStream(RESPONSES, Buffer.from(body), [], { redacts: true });
    expect({ text, end }).toMatchObject({ text: '', end: { refusal: { reasonCode: 'obligation_unkept' } } });
  });

  it('ends a stream of Gemini too', async () => {
    const part = { text: `It is ${SECRET}, I think.`, thought: true };
    const chunk = { candidates: [{ content: { parts: [part] }, finishReason: 'STOP' }] };
    const body = Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
    const { text, end } = await runStream(gemini('streamGenerateContent', 'alt=sse'), body, [], {
      redacts: true,
    });
    expect({ text, end }).toMatchObject({ text: '', end: { refusal: { reasonCode: 'obligation_unkept' } } });
  });
});
