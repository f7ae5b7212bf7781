// Endpoints beside conversations: vectors, counts, lists.

const VECTOR = [0.25, -0.5, 1];
const NAMES = ['model-a', 'model-b'];
const DETAILS = {
  family: 'none',
  families: [],
  format: 'gguf',
  parameter_size: '1B',
  quantization_level: 'Q4_0',
};

/** @returns status and body */
export function rest(dialect, method, path, asked) {
  const own = TABLE[dialect]?.find(
    ([verb, pattern]) => verb === method && pattern.test(path.replace(/\?.*/, '')),
  );
  return own ? [200, own[2](asked)] : [404, { error: { message: `nothing at ${path}` } }];
}

const last = ({ path }) => path.replace(/\?.*/, '').split('/').at(-1);
const count = (value) => (Array.isArray(value) ? value.length : 1);
const model = (id) => ({ id, object: 'model', created: 1, owned_by: 'nobody' });
const claude = (id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' });
const geminiModel = (id) => ({
  name: `models/${id}`,
  displayName: id,
  supportedGenerationMethods: ['generateContent'],
});
const tag = (name) => ({
  ...{ name, model: name, modified_at: '2026-01-01T00:00:00Z', size: 1, digest: 'd', details: DETAILS },
});

const TABLE = {
  openai: [
    ['GET', /^\/v1\/models$/, () => ({ object: 'list', data: NAMES.map(model) })],
    ['GET', /^\/v1\/models\/[^/]+$/, (asked) => model(last(asked))],
    ['POST', /^\/v1\/embeddings$/, openaiVectors],
    ['POST', /^\/v1\/moderations$/, (asked) => moderation(asked)],
    ['POST', /^\/v1\/completions$/, completion],
  ],
  anthropic: [
    ['POST', /^\/v1\/messages\/count_tokens$/, () => ({ input_tokens: 7 })],
    [
      'GET',
      /^\/v1\/models$/,
      () => ({ data: NAMES.map(claude), has_more: false, first_id: NAMES[0], last_id: NAMES[1] }),
    ],
    ['GET', /^\/v1\/models\/[^/]+$/, (asked) => claude(last(asked))],
  ],
  gemini: [
    ['GET', /^\/v1(beta)?\/models$/, () => ({ models: NAMES.map(geminiModel) })],
    ['GET', /^\/v1(beta)?\/models\/[^/:]+$/, (asked) => geminiModel(last(asked))],
    ['POST', /:countTokens$/, () => ({ totalTokens: 7 })],
    [
      'POST',
      /:batchEmbedContents$/,
      ({ body }) => ({ embeddings: body.requests.map(() => ({ values: VECTOR })) }),
    ],
    ['POST', /:embedContent$/, () => ({ embedding: { values: VECTOR } })],
  ],
  ollama: [
    ['GET', /^\/api\/tags$/, () => ({ models: NAMES.map(tag) })],
    ['GET', /^\/api\/ps$/, () => ({ models: NAMES.map(tag) })],
    ['GET', /^\/api\/version$/, () => ({ version: '0.6.4' })],
    ['POST', /^\/api\/show$/, () => ({ details: DETAILS, model_info: {}, capabilities: ['completion'] })],
    [
      'POST',
      /^\/api\/embed$/,
      ({ model: name, body }) => ({
        model: name,
        embeddings: Array(count(body.input)).fill(VECTOR),
        prompt_eval_count: 7,
      }),
    ],
    ['POST', /^\/api\/embeddings$/, () => ({ embedding: VECTOR })],
  ],
};

function openaiVectors({ model: name, body }) {
  const bytes = Buffer.from(new Float32Array(VECTOR).buffer);
  const embedding = body.encoding_format === 'base64' ? bytes.toString('base64') : VECTOR;
  const data = Array.from({ length: count(body.input) }, (_, index) => ({
    object: 'embedding',
    index,
    embedding,
  }));
  return { object: 'list', model: name, data, usage: { prompt_tokens: 7, total_tokens: 7 } };
}

function moderation({ model: name }) {
  const kinds = ['harassment', 'violence'];
  const all = (value) => Object.fromEntries(kinds.map((kind) => [kind, value]));
  return {
    id: 'm',
    model: name,
    results: [{ flagged: false, categories: all(false), category_scores: all(0) }],
  };
}

function completion({ model: name }) {
  const choices = [{ index: 0, text: 'Hello there, agent!', finish_reason: 'stop', logprobs: null }];
  const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
  return { id: 'c', object: 'text_completion', created: 1, model: name, choices, usage };
}
