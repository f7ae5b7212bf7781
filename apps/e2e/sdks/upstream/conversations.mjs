// What conversations come to that aimock has no words for: errors of a provider, streams that break or never end, and
// Ollama's counts.
import { DIALECTS } from './dialects.mjs';

const SAID = 'the provider said so';
const STATUS = { provider_400: 400, provider_429: 429, provider_500: 500 };
/** Long enough that some of it is past every scanner before the end. */
const LONG = Array.from({ length: 40 }, (_, line) => `Line ${line} of an answer that goes on.\n`);

export function conversation(name, { scenario, model, isStream, verb, path }, response) {
  const dialect = DIALECTS[name];
  const status = STATUS[scenario];
  if (status !== undefined) {
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(status === 429 ? { 'retry-after': '7' } : {}),
    });
    return response.end(JSON.stringify(dialect.error(status, SAID)));
  }
  if (!isStream) {
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify(dialect.whole(model, 'Hello there, agent!', path, verb)));
  }
  response.writeHead(200, { 'content-type': dialect.type });
  const texts = scenario === 'usage' ? ['Hello there', ', agent!'] : LONG;
  response.write(dialect.begin(model) + texts.map((piece) => dialect.piece(model, piece, path)).join(''));
  if (scenario === 'usage') return response.end(dialect.end(model, path));
  if (scenario === 'stream_error') return response.end(dialect.broken(SAID));
  // Everything before it must be on its way first.
  if (scenario === 'stream_cut') return setTimeout(() => response.destroy(), 100);
  if (scenario !== 'hang') response.destroy(new Error(`no scenario '${scenario}'`));
}
