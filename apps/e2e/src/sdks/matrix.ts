/** What a row of the matrix shows of an endpoint. */
export const ASPECTS = ['plain', 'stream', 'tools', 'refusal', 'errors', 'usage'] as const;
export type Aspect = (typeof ASPECTS)[number];

export type ProviderId = 'openai' | 'anthropic' | 'gemini' | 'ollama';

/** An endpoint of a provider, with the cases that show each aspect of it; `apps/e2e/sdks/drivers` knows them by name. */
export interface Endpoint {
  readonly name: string;
  readonly cases: Partial<Readonly<Record<Aspect, readonly string[]>>>;
}

/** An SDK as its users have it. */
export interface Sdk {
  /** Also in the names of its models. */
  readonly id: string;
  readonly provider: ProviderId;
  /** Its name in `package.json`, or in `requirements.txt` for Python. */
  readonly dependency: string;
  /** Another package that stands between it and its users. */
  readonly below?: string;
  readonly language: 'JavaScript' | 'Python';
  /** Its file in `apps/e2e/sdks/drivers`. */
  readonly driver: string;
  readonly endpoints: readonly Endpoint[];
}

/** Cases that run by themselves, when the limit on calls is as low as can be. */
export const LIMITED: ReadonlySet<string> = new Set(['plane_429']);

/** Cases that need no plane, and end as the provider wants them to. */
const PLAIN_CASE = /^(?!plane_|refused|abort)(?!.*(?:_403|refused_call|stream_error|stream_cut)$)/;

const CONVERSATION: Endpoint['cases'] = {
  plain: ['plain'],
  stream: ['stream', 'stream_error', 'stream_cut', 'abort'],
  tools: ['tools', 'tool_stream'],
  refusal: ['plane_403', 'refused_call', 'refused_call_stream'],
  errors: [
    ...['plane_400', 'plane_401', 'plane_413', 'plane_429'],
    ...['provider_400', 'provider_429', 'provider_500'],
  ],
  usage: ['usage', 'usage_stream'],
};

const CHAT_COMPLETIONS = { name: 'chat completions', cases: CONVERSATION };
const EMBEDDINGS: Endpoint = {
  name: 'embeddings',
  cases: { plain: ['embed'], refusal: ['embed_403'], usage: ['embed'] },
};
const MODELS: Endpoint = { name: 'models', cases: { plain: ['models'] } };
const MESSAGES = { name: 'messages', cases: CONVERSATION };
const CONTENT = { name: 'generateContent', cases: CONVERSATION };
const COUNT: Endpoint['cases'] = { plain: ['count'], refusal: ['count_403'] };
const VECTORS: Endpoint['cases'] = { plain: ['embed'], refusal: ['embed_403'] };

const OPENAI: readonly Endpoint[] = [
  { ...CHAT_COMPLETIONS, cases: { ...CONVERSATION, stream: [...(CONVERSATION.stream ?? []), 'raw_stream'] } },
  {
    name: 'responses',
    cases: {
      plain: ['responses_plain'],
      stream: ['responses_stream'],
      tools: ['responses_tools', 'responses_tool_stream'],
      refusal: ['responses_plane_403', 'responses_refused_call'],
      usage: ['responses_usage', 'responses_usage_stream'],
    },
  },
  EMBEDDINGS,
  {
    name: 'completions',
    cases: { plain: ['completion'], refusal: ['completion_403'], usage: ['completion'] },
  },
  { name: 'moderations', cases: { plain: ['moderation'], refusal: ['moderation_403'] } },
  MODELS,
];
const ANTHROPIC: readonly Endpoint[] = [
  { ...MESSAGES, cases: { ...CONVERSATION, plain: ['plain', 'beta'] } },
  { name: 'count_tokens', cases: COUNT },
  MODELS,
];
const GEMINI: readonly Endpoint[] = [
  CONTENT,
  { name: 'countTokens', cases: COUNT },
  { name: 'embedContent', cases: VECTORS },
  MODELS,
];
const OLLAMA: readonly Endpoint[] = [
  { name: 'chat', cases: CONVERSATION },
  {
    name: 'generate',
    cases: { plain: ['generate'], stream: ['generate_stream'], refusal: ['generate_403'] },
  },
  { name: 'embed', cases: VECTORS },
  { name: 'show', cases: { plain: ['show'], refusal: ['show_403'] } },
  { name: 'tags, ps, version', cases: { plain: ['models'] } },
];

const javaScript = { language: 'JavaScript' } as const;
const python = { language: 'Python' } as const;

/** Every SDK that is held to a running plane. */
export const SDKS: readonly Sdk[] = [
  ...['openai6', 'openai7'].map((id): Sdk => {
    const driver = 'openai.mjs';
    return { ...javaScript, id, dependency: id, provider: 'openai', driver, endpoints: OPENAI };
  }),
  {
    ...python,
    ...{ id: 'python-openai', dependency: 'openai', provider: 'openai', driver: 'openai_sdk.py' },
    endpoints: [CHAT_COMPLETIONS, EMBEDDINGS, MODELS],
  },
  ...['anthropic0', 'anthropic1'].map((id): Sdk => {
    const driver = 'anthropic.mjs';
    return { ...javaScript, id, dependency: id, provider: 'anthropic', driver, endpoints: ANTHROPIC };
  }),
  {
    ...python,
    ...{ id: 'python-anthropic', dependency: 'anthropic', provider: 'anthropic', driver: 'anthropic_sdk.py' },
    endpoints: [MESSAGES, { name: 'count_tokens', cases: COUNT }],
  },
  ...['genai2', 'genai3'].map((id): Sdk => {
    const driver = 'gemini.mjs';
    return { ...javaScript, id, dependency: id, provider: 'gemini', driver, endpoints: GEMINI };
  }),
  {
    ...python,
    ...{ id: 'python-genai', dependency: 'google-genai', provider: 'gemini', driver: 'gemini_sdk.py' },
    endpoints: GEMINI,
  },
  {
    ...javaScript,
    ...{ id: 'ollama', dependency: 'ollama', provider: 'ollama', driver: 'ollama.mjs', endpoints: OLLAMA },
  },
  {
    ...javaScript,
    ...{ id: 'openai7-ollama', dependency: 'openai7', provider: 'ollama', driver: 'openai.mjs' },
    endpoints: [CHAT_COMPLETIONS, EMBEDDINGS, MODELS],
  },
  ...(['openai', 'anthropic'] as const).map((provider): Sdk => {
    const endpoints = provider === 'openai' ? [CHAT_COMPLETIONS, EMBEDDINGS] : [MESSAGES];
    const row = { id: `ai-${provider}`, dependency: `@ai-sdk/${provider}`, below: 'ai', driver: 'ai.mjs' };
    return { ...javaScript, ...row, provider, endpoints };
  }),
  {
    ...javaScript,
    ...{ id: 'langchain', dependency: '@langchain/openai', provider: 'openai', driver: 'langchain.mjs' },
    endpoints: [CHAT_COMPLETIONS, EMBEDDINGS],
  },
];

/** @returns the names of an SDK's cases, each once */
export function casesOf({ endpoints }: Sdk): readonly string[] {
  return [...new Set(endpoints.flatMap(({ cases }) => Object.values(cases).flat()))];
}

/** @returns those of an SDK's cases that are between it and its provider alone */
export function plainCasesOf(sdk: Sdk): readonly string[] {
  return casesOf(sdk).filter((name) => PLAIN_CASE.test(name) && !name.includes('plane_403'));
}
