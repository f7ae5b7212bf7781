// A stand-in for all four providers: aimock, which nobody here wrote, for all that it speaks, and ways to fail and
// endpoints of our own beside it. A model's name says what it does: `tools.<whoever asks>`.
// Its first line of output is its address. `GET /seen` tells what it was sent, `GET /exchanges` what was said both ways.
import { createServer, request as forward } from 'node:http';
import { text } from 'node:stream/consumers';
import { startAimock } from './aimock.mjs';
import { conversation } from './conversations.mjs';
import { rest } from './endpoints.mjs';

/** What aimock is asked for; it has no fixture for another model. */
const OF_AIMOCK = new Set(['plain', 'tools', 'danger']);

const aimock = await startAimock();
const seen = [];
/** Whole exchanges; what was longer than anybody wants to keep is left out. */
const exchanges = [];
const MAX_KEPT = 16_384;

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

async function answer(request, response) {
  if (request.url === '/seen') return json(response, 200, seen);
  if (request.url === '/exchanges') return json(response, 200, exchanges);
  const [, provider, path] = /^\/([a-z]+)(\/.*)$/.exec(request.url) ?? [];
  const body = await text(request);
  const asked = read(request, path, body);
  const entry = { provider, path, model: asked.model, headers: request.headers, isClosed: false };
  seen.push(entry);
  response.on('close', () => {
    entry.isClosed = !response.writableFinished;
  });
  keep(request, response, provider, path, body);
  if (OF_AIMOCK.has(asked.scenario) && asked.isConversation) return pass(request, response, path, body);
  const dialect = provider === 'ollama' && path.startsWith('/v1/') ? 'openai' : provider;
  if (asked.isConversation) return conversation(dialect, asked, response);
  const [status, value] = rest(dialect, request.method, path, asked);
  return json(response, status, value);
}

function keep({ method, headers }, response, provider, path, body) {
  if (body.length > MAX_KEPT) return;
  const parts = [];
  let type = '';
  const begin = response.writeHead.bind(response);
  response.writeHead = (status, head) => {
    type = head['content-type'] ?? '';
    return begin(status, head);
  };
  for (const name of ['write', 'end']) {
    const said = response[name].bind(response);
    response[name] = (part, ...more) => {
      if (typeof part === 'string' || part instanceof Uint8Array) parts.push(Buffer.from(part));
      return said(part, ...more);
    };
  }
  response.on('finish', () => {
    const text = Buffer.concat(parts).toString('utf8');
    const answer = { status: response.statusCode, type, text };
    if (text.length <= MAX_KEPT)
      exchanges.push({ provider, request: { method, path, headers, text: body }, answer });
  });
}

function read({ method }, path, text) {
  const body = method === 'POST' ? JSON.parse(text) : {};
  const gemini = /^\/v1(?:beta)?\/models\/([^:/]+):(\w+)/.exec(path);
  const model = gemini?.[1] ?? body.model ?? '';
  const verb = gemini?.[2];
  return {
    model,
    body,
    path,
    verb,
    scenario: model.split('.')[0],
    isStream: verb === 'streamGenerateContent' || (verb === undefined && isStream(path, body)),
    isConversation:
      /^(?:stream)?generateContent$/i.test(verb ?? '') ||
      /\/(?:chat\/completions|responses|messages|api\/chat|api\/generate)(?:\?|$)/.test(path),
  };
}

/** Ollama streams unless told not to. */
function isStream(path, body) {
  return path.startsWith('/api/') ? body.stream !== false : body.stream === true;
}

/** aimock knows Gemini's newest version by its name before. */
function pass(request, response, path, body) {
  const url = new URL(path.replace(/^\/v1(?=\/models\/)/, '/v1beta'), aimock.url);
  const { host: _host, ...headers } = request.headers;
  const onward = forward(url, { method: request.method, headers }, (answered) => {
    response.writeHead(answered.statusCode, answered.headers);
    answered.pipe(response);
  });
  onward.on('error', () => response.destroy());
  onward.end(body);
}

function json(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
