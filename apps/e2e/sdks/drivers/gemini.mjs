// @google/genai: MATRIX_PACKAGE says which generation, and with it the version of the API.
import assert from 'node:assert/strict';
import { PLANE, run, TOKEN } from './lib/run.mjs';
import { PROMPT, suite } from './lib/suite.mjs';

const { ApiError, GoogleGenAI } = await import(process.env.MATRIX_PACKAGE);

const client = (apiKey = TOKEN) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: PLANE } });
const asked = (model, { prompt = PROMPT, tools }, abortSignal) => ({
  model,
  contents: prompt,
  config: {
    abortSignal,
    ...(tools && {
      tools: [
        {
          functionDeclarations: tools.map(({ parameters, ...tool }) => ({
            ...tool,
            parametersJsonSchema: parameters,
          })),
        },
      ],
    }),
  },
});
const callsOf = ({ functionCalls = [] }) =>
  functionCalls.map(({ name, args }) => ({ name, arguments: args }));
const usageOf = ({ usageMetadata: usage }) =>
  usage && { input: usage.promptTokenCount, output: usage.candidatesTokenCount };

await run(
  suite({
    async ask(model, options) {
      const answer = await client(options.token).models.generateContent(asked(model, options));
      return { text: answer.text ?? '', calls: callsOf(answer), usage: usageOf(answer) };
    },
    async stream(model, { onPart, abort, ...options }) {
      const controller = new AbortController();
      const parts = await client().models.generateContentStream(asked(model, options, controller.signal));
      const whole = { text: '', calls: [], usage: undefined };
      for await (const part of parts) {
        onPart?.(part);
        whole.text += part.text ?? '';
        whole.calls.push(...callsOf(part));
        whole.usage = usageOf(part) ?? whole.usage;
        if (abort) controller.abort();
      }
      return whole;
    },
    fault({ status, message }) {
      const { error } = JSON.parse(message.slice(message.indexOf('{')));
      return { status, code: error.details?.[0]?.reason, message: error.message };
    },
    errors: {
      ...{ 400: ApiError, 401: ApiError, 403: ApiError, 413: ApiError, 429: ApiError, 500: ApiError },
      stream: ApiError,
      abort: 'AbortError',
    },
    more: {
      async count(model) {
        assert.equal((await client().models.countTokens(asked(model, {}))).totalTokens, 7);
      },
      async embed(model) {
        const { embeddings } = await client().models.embedContent({ model, contents: ['one', 'two'] });
        assert.deepEqual(
          embeddings.map(({ values }) => values),
          Array(2).fill([0.25, -0.5, 1]),
        );
      },
      async models() {
        const names = [];
        for await (const { name } of await client().models.list()) names.push(name);
        assert.deepEqual(names, ['models/model-a', 'models/model-b']);
        assert.equal((await client().models.get({ model: 'model-a' })).name, 'models/model-a');
      },
    },
  }),
);
