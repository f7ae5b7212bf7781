// The dialects as agents converse in them: what is asked with tools, and what was said.
import { added, called, completed, done, said as message, saying } from './responses-stream';
import { SPEAKERS, type Called, type Speaker } from './speakers';

type Body = Readonly<Record<string, unknown>>;

/** How one dialect converses. */
export interface Conversation extends Pick<Speaker, 'whole' | 'stream' | 'streamType'> {
  readonly name: string;
  readonly path: (model: string, isStream: boolean) => string;
  /** A request with a tool. */
  readonly body: (model: string, text: string, isStream: boolean) => Body;
  /** The same request after the model has said something. */
  readonly after: (body: Body, text: string) => Body;
  /** What a whole answer says, and how it ends. */
  readonly ending: (answer: unknown) => {
    readonly text: string;
    readonly reason: string;
    readonly why: string;
  };
}

interface Told {
  readonly choices: readonly [{ message: { content: string; refusal: string }; finish_reason: string }];
  readonly content: readonly [{ text: string }];
  readonly stop_reason: string;
  readonly stop_details: { readonly explanation: string };
  readonly candidates: readonly [
    { content: { parts: readonly [{ text: string }] }; finishReason: string; finishMessage: string },
  ];
  readonly message: { readonly content: string };
  readonly done_reason: string;
  readonly output: readonly [{ content: readonly [{ text: string }] }];
  readonly status: string;
  readonly incomplete_details: { readonly message: string };
}
const read = (answer: unknown): Told => answer as Told;

const plain = (body: Body, member: string, turn: object): Body => ({
  ...body,
  [member]: [...(body[member] as object[]), turn],
});
const declared = { name: 'pay', description: 'pays', parameters: { type: 'object' } };

const MORE: Readonly<Record<string, Pick<Conversation, 'after' | 'ending'> & { readonly tools: object }>> = {
  openai: {
    tools: [{ type: 'function', function: declared }],
    after: (body, content) => plain(body, 'messages', { role: 'assistant', content, refusal: 'any' }),
    ending: (answer) => {
      const [{ message: own, finish_reason: reason }] = read(answer).choices;
      return { text: own.content, reason, why: own.refusal };
    },
  },
  anthropic: {
    tools: [{ name: 'pay', input_schema: { type: 'object' } }],
    after: (body, text) => plain(body, 'messages', { role: 'assistant', content: [{ type: 'text', text }] }),
    ending: (answer) => {
      const { content, stop_reason: reason, stop_details: details } = read(answer);
      return { text: content[0].text, reason, why: details.explanation };
    },
  },
  gemini: {
    tools: [{ functionDeclarations: [{ name: 'pay' }] }],
    after: (body, text) => plain(body, 'contents', { role: 'model', parts: [{ text }] }),
    ending: (answer) => {
      const [{ content, finishReason: reason, finishMessage: why }] = read(answer).candidates;
      return { text: content.parts[0].text, reason, why };
    },
  },
  ollama: {
    tools: [{ type: 'function', function: declared }],
    after: (body, content) => plain(body, 'messages', { role: 'assistant', content }),
    ending: (answer) => {
      const { message: own, done_reason: why } = read(answer);
      return { text: own.content, reason: why, why };
    },
  },
};

const itemOf = ({ name, arguments: args }: Called): object => called(name, JSON.stringify(args));
const RESPONSES: Conversation = {
  name: 'openai, responses',
  path: () => 'openai/v1/responses',
  streamType: 'text/event-stream',
  body: (model, text, stream) => ({
    model,
    stream,
    input: [{ role: 'user', content: text }],
    tools: [{ type: 'function', ...declared }],
  }),
  after: (body, text) => plain(body, 'input', message(text)),
  whole: (texts, ...calls) =>
    JSON.stringify({
      status: 'completed',
      output: [message(texts.join('')), ...calls.flatMap((call) => (call ? [itemOf(call)] : []))],
    }),
  stream: (texts, ...calls) => {
    const items = calls.flatMap((call) => (call ? [itemOf(call)] : []));
    return [
      saying(0, ...texts),
      ...items.flatMap((item, at) => [added(at + 1, { ...item, arguments: '' }), done(at + 1, item)]),
      completed([message(texts.join('')), ...items]),
    ].join('');
  },
  ending: (answer) => {
    const { output, status, incomplete_details: details } = read(answer);
    return { text: output[0].content[0].text, reason: status, why: details.message };
  },
};

/** All of them. */
export const CONVERSATIONS: readonly Conversation[] = [
  ...SPEAKERS.map((speaker): Conversation => {
    const more = MORE[speaker.provider];
    if (!more) throw new Error(speaker.provider);
    return {
      ...speaker,
      name: speaker.provider,
      path: (model, isStream) => `${speaker.provider}${speaker.path(model, isStream)}`,
      body: (model, text, isStream) => speaker.body(model, text, isStream, { tools: more.tools }) as Body,
      after: more.after,
      ending: more.ending,
    };
  }),
  RESPONSES,
];
