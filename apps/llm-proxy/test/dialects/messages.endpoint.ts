// How Anthropic's messages look through the port; a sketch for the tests of the port, not a dialect to ship.
import { isObject, type TokenCounts } from '@behavry/contracts';
import { parseStrictJson } from '@behavry/domain';
import type { AnsweredCall, CallPiece, Chunk, Endpoint, TextPiece } from '../../src/dialects/dialect';
import { outline } from '../../src/dialects/outline';
import { countOf, isPlainName, malformed, readBody } from '../../src/dialects/reading';
import { ANTHROPIC } from '../../src/dialects/anthropic/anthropic';
import { SSE } from '../../src/stream/sse-framing';

const TEXT_OF: Readonly<Record<string, string>> = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  input_json_delta: 'partial_json',
};

export const MESSAGES: Endpoint = {
  method: 'POST',
  name: 'POST /v1/messages',
  toolName: 'chat',
  path: '/v1/messages',
  framing: SSE,
  hasEndMark: true,
  readRequest: (bytes, maxBytes) => {
    const read = readBody(bytes, maxBytes);
    if (!read.ok) return read;
    const { body, text } = read;
    const { model, tools, stream } = body;
    if (!isPlainName(model)) return malformed("'model' must be the name of a model");
    const listed = (Array.isArray(tools) ? tools : []) as { name: string; type?: string }[];
    const isHosted = ({ type = 'custom' }: { type?: string }): boolean => type !== 'custom';
    return {
      ok: true,
      request: {
        bytes,
        text,
        body,
        model,
        isStream: stream === true,
        hidesTokens: false,
        toolNames: listed.filter((tool) => !isHosted(tool)).map(({ name }) => name),
        hostedTools: listed.filter(isHosted).map((tool) => ({ type: tool.type ?? '', settings: tool })),
      },
    };
  },
  outlineOf: (body) =>
    outline(body, {
      texts: new Set(['messages', 'system', 'description']),
      names: new Set(['role', 'type', 'name', 'id', 'tool_use_id']),
      schemas: new Set(['input_schema']),
    }),
  outboundBody: ({ bytes }, body) => (body === undefined ? bytes : JSON.stringify(body)),
  readAnswer: (value) => {
    if (!isObject(value) || !Array.isArray(value['content'])) return undefined;
    const blocks = value['content'] as Record<string, unknown>[];
    const calls = blocks
      .filter(({ type }) => type === 'tool_use')
      .map(({ name, input }): AnsweredCall => ({
        name: String(name),
        arguments: isObject(input) ? input : undefined,
      }));
    return { calls, tokens: tokensOf(value) };
  },
  readChunk: ({ event, data }): Chunk | undefined => {
    const parsed = parseStrictJson(data);
    const rest = parsed.ok ? parsed.value : undefined;
    if (!isObject(rest) || rest['type'] !== event || event === 'error') return undefined;
    const pieces: TextPiece[] = [];
    const calls: CallPiece[] = [];
    const { index: group } = rest;
    const block = rest['content_block'];
    if (typeof group === 'number' && isObject(block) && block['type'] === 'tool_use') {
      calls.push({ group, index: 0, form: 'json', name: String(block['name']), arguments: '' });
    }
    const delta = rest['delta'];
    const key = isObject(delta) ? TEXT_OF[String(delta['type'])] : undefined;
    if (typeof group === 'number' && isObject(delta) && key !== undefined) {
      const text = String(delta[key]);
      delta[key] = '';
      pieces.push({ channel: `/content/${String(group)}/${key}`, group, text, path: ['delta', key] });
      if (key === 'partial_json') calls.push({ group, index: 0, form: 'json', name: '', arguments: text });
    }
    return {
      rest,
      pieces,
      calls,
      finished: event === 'content_block_stop' && typeof group === 'number' ? [group] : [],
      tokens: tokensOf(isObject(rest['message']) ? rest['message'] : rest),
      isTokensOnly: false,
      isEnd: event === 'message_stop',
    };
  },
  dropEchoes: () => false,
  errorEvent: (facts) => SSE.write({ event: 'error', data: JSON.stringify(ANTHROPIC.envelope(facts)) }),
};

function tokensOf({ usage }: Record<string, unknown>): TokenCounts | undefined {
  if (!isObject(usage)) return undefined;
  const prompt = countOf(usage['input_tokens']);
  const completion = countOf(usage['output_tokens']);
  return { prompt, completion, total: prompt + completion };
}
