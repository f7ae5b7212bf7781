// ollama: it knows no key, so the token goes into a header.
import assert from 'node:assert/strict';
import { Ollama } from 'ollama';
import { PLANE, run, TOKEN } from './lib/run.mjs';
import { PROMPT, suite } from './lib/suite.mjs';

const client = (token = TOKEN) => new Ollama({ host: PLANE, headers: { authorization: `Bearer ${token}` } });
const asked = (model, { prompt = PROMPT, tools }) => ({
  model,
  messages: [{ role: 'user', content: prompt }],
  ...(tools && { tools: tools.map((tool) => ({ type: 'function', function: tool })) }),
});
const callsOf = ({ message }) =>
  (message.tool_calls ?? []).map(({ function: { name, arguments: args } }) => ({ name, arguments: args }));
const usageOf = ({ done, prompt_eval_count: input, eval_count: output }) =>
  done ? { input, output } : undefined;

/** Whatever an error is, its words are all that Ollama tells of it. */
const ERRORS = Object.fromEntries([400, 401, 403, 413, 429, 500].map((status) => [status, 'ResponseError']));

await run(
  suite({
    async ask(model, options) {
      const answer = await client(options.token).chat({ ...asked(model, options), stream: false });
      return { text: answer.message.content, calls: callsOf(answer), usage: usageOf(answer) };
    },
    async stream(model, { onPart, abort, ...options }) {
      const parts = await client().chat({ ...asked(model, options), stream: true });
      const whole = { text: '', calls: [], usage: undefined };
      for await (const part of parts) {
        onPart?.(part);
        whole.text += part.message.content;
        whole.calls.push(...callsOf(part));
        whole.usage = usageOf(part) ?? whole.usage;
        if (abort) parts.abort();
      }
      return whole;
    },
    fault: ({ status_code: status, message }) => ({
      status,
      code: /\((\w+)\)$/.exec(message)?.[1],
      message,
    }),
    errors: { ...ERRORS, stream: Error, abort: 'AbortError' },
    // aimock counts no tokens of Ollama's.
    counts: 'usage',
    more: {
      async generate(model) {
        const { response } = await client().generate({
          model: model.replace('generate', 'plain'),
          prompt: PROMPT,
        });
        assert.equal(response, 'Hello there, agent!');
      },
      async generate_stream(model) {
        const parts = await client().generate({
          model: model.replace('generate_stream', 'plain'),
          prompt: PROMPT,
          stream: true,
        });
        let text = '';
        for await (const { response } of parts) text += response;
        assert.equal(text, 'Hello there, agent!');
      },
      async embed(model) {
        const { embeddings } = await client().embed({ model, input: ['one', 'two'] });
        assert.deepEqual(embeddings, Array(2).fill([0.25, -0.5, 1]));
      },
      async models() {
        const names = ({ models }) => models.map(({ name }) => name);
        assert.deepEqual(names(await client().list()), ['model-a', 'model-b']);
        assert.deepEqual(names(await client().ps()), ['model-a', 'model-b']);
        assert.equal((await client().version()).version, '0.6.4');
      },
      async show(model) {
        assert.equal((await client().show({ model })).details.format, 'gguf');
      },
    },
  }),
);
