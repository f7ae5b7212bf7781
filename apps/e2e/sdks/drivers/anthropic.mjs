// @anthropic-ai/sdk: MATRIX_PACKAGE says which generation.
import assert from 'node:assert/strict';
import { PLANE, run, TOKEN } from './lib/run.mjs';
import { PROMPT, suite } from './lib/suite.mjs';

const sdk = await import(process.env.MATRIX_PACKAGE);
const Anthropic = sdk.default;

const client = (apiKey = TOKEN) => new Anthropic({ apiKey, baseURL: PLANE, maxRetries: 0 });
const asked = (model, { prompt = PROMPT, tools }) => ({
  model,
  messages: [{ role: 'user', content: prompt }],
  ...(tools && {
    tools: tools.map(({ parameters, ...tool }) => ({ ...tool, input_schema: parameters })),
  }),
});

function told({ content, usage }) {
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: content
      .filter(({ type }) => type === 'tool_use')
      .map(({ name, input }) => ({ name, arguments: input })),
    usage: { input: usage.input_tokens, output: usage.output_tokens },
  };
}

await run(
  suite({
    ask: async (model, options) =>
      told(await client(options.token).messages.create({ max_tokens: 64, ...asked(model, options) })),
    async stream(model, { onPart, abort, ...options }) {
      const stream = client().messages.stream({ max_tokens: 64, ...asked(model, options) });
      for await (const part of stream) {
        onPart?.(part);
        if (abort) stream.abort();
      }
      return told(await stream.finalMessage());
    },
    fault: ({ status, error, message }) => ({ status, code: error?.error?.details?.error_code, message }),
    errors: {
      400: sdk.BadRequestError,
      401: sdk.AuthenticationError,
      403: sdk.PermissionDeniedError,
      413: sdk.ContentTooLargeError ?? sdk.APIError,
      429: sdk.RateLimitError,
      500: sdk.InternalServerError,
      stream: sdk.APIError,
      abort: sdk.APIUserAbortError,
    },
    more: {
      async count(model) {
        assert.equal((await client().messages.countTokens(asked(model, {}))).input_tokens, 7);
      },
      async beta(model) {
        const { content } = await client().beta.messages.create({
          ...asked(model.replace('beta', 'plain'), {}),
          max_tokens: 64,
          betas: ['token-efficient-tools-2025-02-19'],
        });
        assert.equal(content[0].text, 'Hello there, agent!');
      },
      async models() {
        const names = [];
        for await (const { id } of client().models.list()) names.push(id);
        assert.deepEqual(names, ['model-a', 'model-b']);
      },
    },
  }),
);
