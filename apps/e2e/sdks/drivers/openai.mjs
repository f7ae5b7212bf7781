// openai: MATRIX_PACKAGE says which generation.
import assert from 'node:assert/strict';
import { PLANE, run, TOKEN } from './lib/run.mjs';
import { PROMPT, suite } from './lib/suite.mjs';

const { default: OpenAI } = await import(process.env.MATRIX_PACKAGE);

const client = (apiKey = TOKEN) => new OpenAI({ apiKey, baseURL: `${PLANE}/v1`, maxRetries: 0 });
const asked = (model, { prompt = PROMPT, tools }) => ({
  model,
  messages: [{ role: 'user', content: prompt }],
  ...(tools && { tools: tools.map((tool) => ({ type: 'function', function: tool })) }),
});

function told({ choices: [{ message }], usage }) {
  const calls = (message.tool_calls ?? []).map(({ function: { name, arguments: args } }) => ({
    name,
    arguments: JSON.parse(args),
  }));
  return {
    text: message.content ?? '',
    calls,
    usage: usage && { input: usage.prompt_tokens, output: usage.completion_tokens },
  };
}

const errors = {
  400: OpenAI.BadRequestError,
  401: OpenAI.AuthenticationError,
  403: OpenAI.PermissionDeniedError,
  413: OpenAI.APIError,
  429: OpenAI.RateLimitError,
  500: OpenAI.InternalServerError,
  stream: OpenAI.APIError,
  abort: OpenAI.APIUserAbortError,
};
const fault = ({ status, code, message }) => ({ status, code, message });

const chat = {
  ask: async (model, options) =>
    told(await client(options.token).chat.completions.create(asked(model, options))),
  async stream(model, { onPart, abort, ...options }) {
    const body = { ...asked(model, options), stream_options: { include_usage: true } };
    const stream = client().chat.completions.stream(body);
    for await (const part of stream) {
      onPart?.(part);
      if (abort) stream.abort();
    }
    return told(await stream.finalChatCompletion());
  },
  fault,
  errors,
  more: {
    async raw_stream(model) {
      const stream = await client().chat.completions.create({
        ...asked(model.replace('raw_stream', 'plain'), {}),
        stream: true,
      });
      let text = '';
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
      assert.equal(text, 'Hello there, agent!');
    },
    async embed(model) {
      const { data, usage } = await client().embeddings.create({ model, input: ['one', 'two'] });
      assert.deepEqual(
        data.map(({ embedding }) => embedding),
        Array(2).fill([0.25, -0.5, 1]),
      );
      assert.equal(usage.prompt_tokens, 7);
    },
    async models() {
      const names = [];
      for await (const { id } of client().models.list()) names.push(id);
      assert.deepEqual(names, ['model-a', 'model-b']);
      assert.equal((await client().models.retrieve('model-a')).id, 'model-a');
    },
    async completion(model) {
      const { choices, usage } = await client().completions.create({ model, prompt: PROMPT });
      assert.equal(choices[0].text, 'Hello there, agent!');
      assert.equal(usage.completion_tokens, 5);
    },
    async moderation(model) {
      const { results } = await client().moderations.create({ model, input: PROMPT });
      assert.equal(results[0].flagged, false);
    },
  },
};

const responses = {
  ask: async (model, options) =>
    toldByResponse(await client(options.token).responses.create(askedOfResponses(model, options))),
  async stream(model, { onPart, abort, ...options }) {
    const stream = client().responses.stream(askedOfResponses(model, options));
    for await (const part of stream) {
      onPart?.(part);
      if (abort) stream.abort();
    }
    return toldByResponse(await stream.finalResponse());
  },
  fault,
  errors,
};

function askedOfResponses(model, { prompt = PROMPT, tools }) {
  return {
    model,
    input: prompt,
    ...(tools && { tools: tools.map((tool) => ({ type: 'function', ...tool })) }),
  };
}

function toldByResponse({ output_text: text, output, usage }) {
  const calls = output.filter(({ type }) => type === 'function_call');
  return {
    text,
    calls: calls.map(({ name, arguments: args }) => ({ name, arguments: JSON.parse(args) })),
    usage: { input: usage.input_tokens, output: usage.output_tokens },
  };
}

await run({ ...suite(chat), ...suite(responses, 'responses_') });
