// The four model APIs as they are measured: what is asked, what a provider says, and how its text is read again.

/** About 1 KB of text without anything a scanner could find. */
export const PAYLOAD = 'the quick brown fox jumps over the lazy dog. '.repeat(21).slice(0, 940);

/** One chunk of a streamed answer. */
export const CHUNK = 'the quick brown fox ';

export const APIS = ['openai', 'anthropic', 'gemini', 'ollama'] as const;
export type Api = (typeof APIS)[number];

/** A use of a model. */
export interface ModelCall {
  readonly api: Api;
  /** Chunks of a streamed answer; left out, it comes whole. */
  readonly chunks?: number;
  /** Name of a model that says what a stream does: as fast as it goes, a chunk each 20 ms, or one chunk and no more. */
  readonly model?: 'bench-model' | 'bench-model-paced' | 'bench-model-held';
}

/** What of a request the upstream acts on. */
export interface Wanted {
  readonly model: string;
  /** 0 for a whole answer. */
  readonly chunks: number;
}

type Json = Readonly<Record<string, unknown>>;

interface Dialect {
  readonly path: (model: string, isStream: boolean) => string;
  readonly body: (model: string, chunks: number | undefined) => object;
  /** Reads a request again: by its path and its body. */
  readonly wanted: (path: string, body: Json) => Wanted;
  readonly whole: () => object;
  readonly type: string;
  /** `stamp` stands beside the text, where a dialect has a place for it. */
  readonly frames: (stamp?: () => string) => Frames;
  /** The text in an answer or in an event of a stream. */
  readonly textIn: (value: Json) => string | undefined;
  readonly isEnd: (line: string) => boolean;
}

interface Frames {
  readonly begin: string;
  readonly piece: () => string;
  readonly end: string;
}

const text = JSON.stringify;
const data = (value: object): string => `data: ${text(value)}\n\n`;
const event = (value: { readonly type: string } & Json): string => `event: ${value.type}\n${data(value)}`;
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
const first = (value: unknown): Json => (Array.isArray(value) ? ((value[0] ?? {}) as Json) : {});
const within = (value: unknown): Json => (value ?? {}) as Json;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const ABOUT = { id: 'c', created: 1, model: 'bench-model' };

function messages(model: string, chunks: number | undefined, more: object = {}): object {
  return {
    ...{ model, messages: [{ role: 'user', content: PAYLOAD }] },
    ...(chunks === undefined ? { max_tokens: 512 } : { stream: true, max_tokens: chunks }),
    ...more,
  };
}

function asked(_path: string, { model, stream, max_tokens: most }: Json): Wanted {
  return { model: textOf(model), chunks: stream === true ? numberOf(most) : 0 };
}

export const DIALECTS: Readonly<Record<Api, Dialect>> = {
  openai: {
    path: () => '/v1/chat/completions',
    body: messages,
    wanted: asked,
    whole: () => ({
      ...{ ...ABOUT, object: 'chat.completion' },
      choices: [{ index: 0, message: { role: 'assistant', content: PAYLOAD }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 200, completion_tokens: 200, total_tokens: 400 },
    }),
    type: 'text/event-stream',
    frames: (stamp) => {
      const chunk = (delta: object, reason: string | null): string =>
        data({
          ...{ ...ABOUT, object: 'chat.completion.chunk' },
          ...(stamp && { system_fingerprint: stamp() }),
          choices: [{ index: 0, delta, finish_reason: reason }],
        });
      return {
        begin: chunk({ role: 'assistant', content: '' }, null),
        piece: () => chunk({ content: CHUNK }, null),
        end: `${chunk({}, 'stop')}data: [DONE]\n\n`,
      };
    },
    textIn: ({ choices }) => {
      const { message, delta } = first(choices);
      return textOf(within(message ?? delta)['content']);
    },
    isEnd: (line) => line === 'data: [DONE]',
  },
  anthropic: {
    path: () => '/v1/messages',
    body: messages,
    wanted: asked,
    whole: () => ({
      ...{ id: 'm', type: 'message', role: 'assistant', model: 'bench-model', stop_reason: 'end_turn' },
      content: [{ type: 'text', text: PAYLOAD }],
      usage: { input_tokens: 200, output_tokens: 200 },
    }),
    type: 'text/event-stream',
    frames: () => {
      const usage = { input_tokens: 200, output_tokens: 1 };
      const message = { id: 'm', type: 'message', role: 'assistant', content: [], usage };
      const block = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
      const piece = event({
        ...{ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: CHUNK } },
      });
      return {
        begin: event({ type: 'message_start', message }) + event(block),
        piece: () => piece,
        end:
          event({ type: 'content_block_stop', index: 0 }) +
          event({
            type: 'message_delta',
            delta: { stop_reason: 'end_turn' },
            usage: { output_tokens: 200 },
          }) +
          event({ type: 'message_stop' }),
      };
    },
    textIn: ({ content, delta }) => textOf(within(content ? first(content) : delta)['text']),
    isEnd: (line) => line === 'data: {"type":"message_stop"}',
  },
  gemini: {
    path: (model, isStream) =>
      `/v1beta/models/${model}:${isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: (_model, chunks) => ({
      contents: [{ role: 'user', parts: [{ text: PAYLOAD }] }],
      generationConfig: { maxOutputTokens: chunks ?? 512 },
    }),
    wanted: (path, { generationConfig: config }) => ({
      model: /\/models\/([^:]+)/.exec(path)?.[1] ?? '',
      chunks: path.includes(':stream') ? numberOf(within(config)['maxOutputTokens']) : 0,
    }),
    whole: () => candidate(PAYLOAD, 'STOP'),
    type: 'text/event-stream',
    frames: () => {
      const piece = data(candidate(CHUNK));
      return { begin: '', piece: () => piece, end: data(candidate('', 'STOP')) };
    },
    textIn: ({ candidates }) => textOf(first(within(first(candidates)['content'])['parts'])['text']),
    isEnd: (line) => line.includes('"finishReason":"STOP"'),
  },
  ollama: {
    path: () => '/api/chat',
    body: (model, chunks) => ({
      ...{ model, stream: chunks !== undefined, messages: [{ role: 'user', content: PAYLOAD }] },
      options: { num_predict: chunks ?? 512 },
    }),
    wanted: (_path, { model, stream, options }) => ({
      model: textOf(model),
      chunks: stream === false ? 0 : numberOf(within(options)['num_predict']),
    }),
    whole: () => said(PAYLOAD, true),
    type: 'application/x-ndjson',
    frames: () => {
      const piece = `${text(said(CHUNK, false))}\n`;
      return { begin: '', piece: () => piece, end: `${text(said('', true))}\n` };
    },
    textIn: ({ message }) => textOf(within(message)['content']),
    isEnd: (line) => line.includes('"done":true'),
  },
};

function candidate(part: string, finishReason?: string): object {
  const content = { role: 'model', parts: [{ text: part }] };
  const usageMetadata = { promptTokenCount: 200, candidatesTokenCount: 200, totalTokenCount: 400 };
  return { candidates: [{ index: 0, content, ...(finishReason && { finishReason }) }], usageMetadata };
}

function said(content: string, done: boolean): object {
  const counts = done ? { done_reason: 'stop', prompt_eval_count: 200, eval_count: 200 } : {};
  return { model: 'bench-model', message: { role: 'assistant', content }, done, ...counts };
}

const LETTERS = 'abcdefghij';

/** @returns when it was made, in letters: digits could be held as part of a number */
export function stamp(): string {
  const microseconds = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return String(microseconds).replaceAll(/\d/g, (digit) => LETTERS.charAt(Number(digit)));
}

/** @returns how many ms ago the first stamp in an answer was made; undefined when there is none */
export function ageOf(answer: string): number | undefined {
  const [, letters] = /"system_fingerprint":"([a-j]+)"/.exec(answer) ?? [];
  if (letters === undefined) return undefined;
  const microseconds = Number(letters.replaceAll(/[a-j]/g, (letter) => String(LETTERS.indexOf(letter))));
  return performance.timeOrigin + performance.now() - microseconds / 1000;
}

/** @returns the path of a call behind its provider's prefix, with its query */
export function modelPath({ api, chunks, model = 'bench-model' }: ModelCall): string {
  return DIALECTS[api].path(model, chunks !== undefined);
}

/** @returns the body of a call with 1 KB of text; how long a stream shall be stands where its most tokens do */
export function modelBody({ api, chunks, model = 'bench-model' }: ModelCall): string {
  return text(DIALECTS[api].body(model, chunks));
}

/** @returns whose API a path belongs to */
export function apiOf(path: string): Api | undefined {
  return APIS.find((api) => {
    const [start = ''] = DIALECTS[api].path('', false).split(':');
    return path.startsWith(start);
  });
}

/** Whether an answer is the whole of what the upstream says to this call. */
export function isRightModel({ api, chunks }: ModelCall, answer: string): boolean {
  const { textIn, isEnd } = DIALECTS[api];
  if (chunks === undefined) return textIn(JSON.parse(answer) as Json) === PAYLOAD;
  const lines = answer.split('\n').filter((line) => line.startsWith('data: ') || line.startsWith('{'));
  if (!isEnd(lines.at(-1) ?? '')) return false;
  const told = lines
    .map((line) => line.replace(/^data: /, ''))
    .filter((line) => line.startsWith('{'))
    .map((line) => textIn(JSON.parse(line) as Json) ?? '');
  return told.join('') === CHUNK.repeat(chunks);
}
