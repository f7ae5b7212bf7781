// A provider that speaks OpenAI's chat completions and misbehaves on request: the model's name says how.
// What it was sent can be read at /__seen. Prints its port.
import { createServer } from 'node:http';

const seen = [];
const TOOLS = {
  weather: ['get_weather', '{"city":"Oslo"}'],
  danger: ['delete_everything', '{"path":"/srv/data/all"}'],
};
const TEXTS = {
  secret: ['Here it is: ', 'AK', 'IAIOSFODNN', '7EXAMPLE', ' and more'],
  redacted: ['Mail some', 'one@exam', 'ple.com or', ' nobody. The card is 4111 1111', ' 1111 1111.'],
  long: Array.from({ length: 400 }, (_, index) => `word${index} `),
};

createServer(async (request, response) => {
  if (request.url === '/__seen') return response.end(JSON.stringify(seen));
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const entry = { url: request.url, headers: request.headers, text, aborted: false };
  seen.push(entry);
  response.on('close', () => {
    entry.aborted = !response.writableFinished;
  });
  const body = JSON.parse(text);
  const json = (status, value, headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof value === 'string' ? value : JSON.stringify(value));
  };
  const { model } = body;
  if (model === 'bad-key')
    return json(401, {
      error: {
        message: 'Incorrect API key provided',
        type: 'invalid_request_error',
        param: null,
        code: 'invalid_api_key',
      },
    });
  if (model === 'busy')
    return json(
      429,
      { error: { message: 'slow down', type: 'requests', param: null, code: 'rate_limit_exceeded' } },
      { 'retry-after-ms': '1', 'x-internal': 'no' },
    );
  if (model === 'redirect') {
    response.writeHead(307, { location: 'http://127.0.0.1:1/' });
    return response.end();
  }
  if (model === 'twice')
    return json(200, '{"choices":[],"choices":[{"index":0,"message":{"role":"assistant","content":"x"}}]}');
  if (model === 'hang' && !body.stream) return undefined;
  const call = TOOLS[model];
  const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
  if (!body.stream) {
    const message = call
      ? {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: call[0], arguments: call[1] } }],
        }
      : { role: 'assistant', content: (TEXTS[model] ?? ['Hello', ' there', '!']).join('') };
    return json(
      200,
      {
        id: 'x',
        object: 'chat.completion',
        created: 1,
        model,
        choices: [{ index: 0, message, finish_reason: call ? 'tool_calls' : 'stop' }],
        usage,
      },
      { 'openai-version': '2020-10-01' },
    );
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const chunk = (delta, reason = null) =>
    `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
  const pieces = [chunk({ role: 'assistant', content: '' })];
  if (call) {
    pieces.push(
      chunk({
        tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: call[0], arguments: '' } }],
      }),
    );
    for (const part of call[1].match(/.{1,4}/g))
      pieces.push(chunk({ tool_calls: [{ index: 0, function: { arguments: part } }] }));
    pieces.push(chunk({}, 'tool_calls'));
  } else {
    for (const part of TEXTS[model] ?? ['Hello', ' there', '!']) pieces.push(chunk({ content: part }));
    pieces.push(chunk({}, 'stop'));
  }
  if (model === 'cut') {
    response.write(pieces.slice(0, 3).join(''), () => setTimeout(() => response.destroy(), 20));
    return undefined;
  }
  if (model === 'hang') return response.write(pieces.slice(0, 3).join(''));
  if (body.stream_options?.include_usage)
    pieces.push(
      `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model, choices: [], usage })}\n\n`,
    );
  // Cut where no event ends, so that nothing downstream can rely on whole events.
  const bytes = Buffer.from(`${pieces.join('')}data: [DONE]\n\n`);
  for (let at = 0; at < bytes.length; at += 61) {
    response.write(bytes.subarray(at, at + 61));
    if (model !== 'long') await new Promise((resolve) => setImmediate(resolve));
  }
  return response.end();
}).listen(0, '127.0.0.1', function listening() {
  process.stdout.write(`${this.address().port}\n`);
});
