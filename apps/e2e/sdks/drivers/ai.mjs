// ai, with the provider that MATRIX_SDK names: frameworks have errors of their own around those of the API.
import assert from 'node:assert/strict';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { embedMany, generateText, jsonSchema, streamText, tool } from 'ai';
import { PLANE, run, SDK, TOKEN } from './lib/run.mjs';
import { PROMPT, suite } from './lib/suite.mjs';

const settings = (apiKey = TOKEN) => ({ apiKey, baseURL: `${PLANE}/v1` });
const modelOf = (name, token) =>
  SDK === 'ai-anthropic' ? createAnthropic(settings(token))(name) : createOpenAI(settings(token)).chat(name);
const asked = (model, { token, prompt = PROMPT, tools = [] }) => ({
  model: modelOf(model, token),
  prompt,
  maxOutputTokens: 64,
  maxRetries: 0,
  tools: Object.fromEntries(
    tools.map(({ name, description, parameters }) => [
      name,
      tool({ description, inputSchema: jsonSchema(parameters) }),
    ]),
  ),
});
const told = async ({ text, toolCalls, usage }) => ({
  text: await text,
  calls: (await toolCalls).map(({ toolName: name, input }) => ({ name, arguments: input })),
  usage: (({ inputTokens: input, outputTokens: output }) => ({ input, output }))(await usage),
});

await run(
  suite({
    ask: async (model, options) => told(await generateText(asked(model, options))),
    async stream(model, { onPart, abort, ...options }) {
      const controller = new AbortController();
      const result = streamText({
        ...asked(model, options),
        abortSignal: controller.signal,
        onError: () => undefined,
      });
      for await (const part of result.fullStream) {
        // It throws nothing of itself, but hands on what was thrown.
        if (part.type === 'error') throw part.error;
        if (part.type === 'abort') throw new DOMException('aborted', 'AbortError');
        if (/^(?:text|tool)-/.test(part.type)) {
          onPart?.(part);
          if (abort) controller.abort();
        }
      }
      return told(result);
    },
    fault({ statusCode: status, code, data, responseBody, message }) {
      // The first event of a stream is told as if it were a whole answer.
      const inner = data?.error ?? (responseBody === undefined ? data : JSON.parse(responseBody)) ?? {};
      return { status, code: code ?? inner.details?.error_code ?? inner.code ?? inner.type, message };
    },
    errors: {
      ...Object.fromEntries([400, 401, 403, 413, 429, 500].map((status) => [status, 'AI_APICallError'])),
      stream: ['AI_StreamProviderError', 'AI_APICallError'],
      abort: 'AbortError',
    },
    inStream: SDK === 'ai-anthropic' ? { policy_deny: 'permission_error', upstream_error: 'api_error' } : {},
    more: {
      async embed(model) {
        const { embeddings, usage } = await embedMany({
          model: createOpenAI(settings()).embedding(model),
          values: ['one', 'two'],
          maxRetries: 0,
        });
        assert.deepEqual(embeddings, Array(2).fill([0.25, -0.5, 1]));
        assert.equal(usage.tokens, 7);
      },
    },
  }),
);
