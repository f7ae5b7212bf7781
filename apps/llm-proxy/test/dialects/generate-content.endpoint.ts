// How Gemini's generateContent looks through the port; a sketch for the tests of the port, not a dialect to ship.
import { isObject, type TokenCounts } from '@behavry/contracts';
import { parseStrictJson } from '@behavry/domain';
import type { CallPiece, Chunk, Endpoint, TextPiece } from '../../src/dialects/dialect';
import { GEMINI } from '../../src/dialects/gemini/gemini';
import { outline } from '../../src/dialects/outline';
import { countOf, readBody } from '../../src/dialects/reading';
import { SSE } from '../../src/stream/sse-framing';

type Parts = Record<string, unknown>[];

/** Model and mode stand in the path, so each path has an endpoint of its own. */
export function generateContent(path: string): Endpoint | undefined {
  const [, model = '', verb] = /^\/v1(?:beta)?\/models\/([\w.-]{1,64}):(\w+)$/.exec(path) ?? [];
  const isStream = verb === 'streamGenerateContent';
  if (!isStream && verb !== 'generateContent') return undefined;
  return {
    method: 'POST',
    name: `POST /v1/models/*:${verb}`,
    toolName: 'chat',
    path: `/models/${model}:${verb}${isStream ? '?alt=sse' : ''}`,
    framing: SSE,
    hasEndMark: false,
    readRequest: (bytes, maxBytes) => {
      const read = readBody(
        bytes,
        maxBytes,
        new Set(['contents', 'tools', 'systemInstruction', 'generationConfig']),
      );
      if (!read.ok) return read;
      const { body, text } = read;
      const tools = (Array.isArray(body['tools']) ? body['tools'] : []) as Record<string, unknown>[];
      const declared = tools.flatMap((tool) => (tool['functionDeclarations'] ?? []) as { name: string }[]);
      const hosted = tools
        .flatMap((tool) => Object.entries(tool))
        .filter(([type]) => type !== 'functionDeclarations');
      return {
        ok: true,
        request: {
          bytes,
          text,
          body,
          model,
          isStream,
          hidesTokens: false,
          toolNames: declared.map(({ name }) => name),
          hostedTools: hosted.map(([type, settings]) => ({ type, settings })),
        },
      };
    },
    outlineOf: (body) =>
      outline(body, {
        texts: new Set(['contents', 'systemInstruction', 'description']),
        names: new Set(['role', 'name', 'mimeType']),
        schemas: new Set(['parameters', 'responseSchema']),
      }),
    outboundBody: ({ bytes }, body) => (body === undefined ? bytes : JSON.stringify(body)),
    readAnswer: (value) => {
      if (!isObject(value) || !Array.isArray(value['candidates'])) return undefined;
      const parts = (value['candidates'] as Record<string, unknown>[]).flatMap(partsOf);
      return {
        calls: parts.flatMap(({ functionCall: call }) =>
          isObject(call)
            ? [{ name: String(call['name']), arguments: isObject(call['args']) ? call['args'] : undefined }]
            : [],
        ),
        tokens: tokensOf(value),
      };
    },
    readChunk: ({ data }): Chunk | undefined => {
      const parsed = parseStrictJson(data);
      const rest = parsed.ok ? parsed.value : undefined;
      if (!isObject(rest) || Object.hasOwn(rest, 'error')) return undefined;
      const pieces: TextPiece[] = [];
      const calls: CallPiece[] = [];
      const finished: number[] = [];
      const candidates = (rest['candidates'] ?? []) as Record<string, unknown>[];
      for (const [place, candidate] of candidates.entries()) {
        const group = countOf(candidate['index']);
        for (const [at, part] of partsOf(candidate).entries()) {
          if (typeof part['text'] === 'string') {
            const kind = part['thought'] === true ? 'thought' : 'text';
            const path = ['candidates', place, 'content', 'parts', at, 'text'];
            pieces.push({ channel: `/candidates/${String(group)}/${kind}`, group, text: part['text'], path });
            part['text'] = '';
          }
          const call = part['functionCall'];
          if (isObject(call)) {
            const args = JSON.stringify(call['args'] ?? {});
            calls.push({
              group,
              index: undefined,
              form: 'json',
              name: String(call['name']),
              arguments: args,
            });
          }
        }
        if (typeof candidate['finishReason'] === 'string') finished.push(group);
      }
      return { rest, pieces, calls, finished, tokens: tokensOf(rest), isTokensOnly: false, isEnd: false };
    },
    dropEchoes: () => false,
    errorEvent: (facts) => SSE.write({ data: JSON.stringify(GEMINI.envelope(facts)) }),
  };
}

function partsOf({ content }: Record<string, unknown>): Parts {
  return isObject(content) && Array.isArray(content['parts']) ? (content['parts'] as Parts) : [];
}

function tokensOf({ usageMetadata: usage }: Record<string, unknown>): TokenCounts | undefined {
  if (!isObject(usage)) return undefined;
  const prompt = countOf(usage['promptTokenCount']);
  const completion = countOf(usage['candidatesTokenCount']);
  return { prompt, completion, total: countOf(usage['totalTokenCount']) };
}
