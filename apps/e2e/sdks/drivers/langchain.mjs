// LangChain: its errors are those of the SDK of OpenAI that it brings.
import assert from 'node:assert/strict';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { PLANE, run, TOKEN } from './lib/run.mjs';
import { PROMPT, suite } from './lib/suite.mjs';

const settings = (model, apiKey = TOKEN) => ({
  model,
  apiKey,
  configuration: { baseURL: `${PLANE}/v1` },
  maxRetries: 0,
});

function chat(model, { token, tools }) {
  const client = new ChatOpenAI(settings(model, token));
  return tools ? client.bindTools(tools.map((tool) => ({ type: 'function', function: tool }))) : client;
}

function told({ content, tool_calls: calls = [], usage_metadata: usage }) {
  return {
    text: content,
    calls: calls.map(({ name, args }) => ({ name, arguments: args })),
    usage: usage && { input: usage.input_tokens, output: usage.output_tokens },
  };
}

await run(
  suite({
    ask: async (model, { prompt = PROMPT, ...options }) => told(await chat(model, options).invoke(prompt)),
    async stream(model, { prompt = PROMPT, onPart, abort, ...options }) {
      const controller = new AbortController();
      let whole;
      for await (const part of await chat(model, options).stream(prompt, { signal: controller.signal })) {
        onPart?.(part);
        whole = whole?.concat(part) ?? part;
        if (abort) controller.abort();
      }
      return told(whole);
    },
    fault: ({ status, code, message }) => ({ status, code, message }),
    errors: {
      400: 'BadRequestError',
      401: 'AuthenticationError',
      403: 'PermissionDeniedError',
      413: 'APIError',
      429: 'RateLimitError',
      500: 'InternalServerError',
      stream: 'APIError',
      abort: 'AbortError',
    },
    more: {
      async embed(model) {
        const vectors = await new OpenAIEmbeddings(settings(model)).embedDocuments(['one', 'two']);
        assert.deepEqual(vectors, Array(2).fill([0.25, -0.5, 1]));
      },
    },
  }),
);
