import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';

/** What a provider was sent. */
export interface Seen {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  isAborted: boolean;
}

/** What a provider says for a model: whole as `message`, streamed as `deltas` (both made of `texts` when left out). */
export interface Said {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly texts?: readonly string[];
  readonly message?: object;
  readonly deltas?: readonly object[];
  readonly reason?: string;
  /** Instead of everything else: the body as it stands. */
  readonly raw?: string | Uint8Array;
  /** What is said once before `raw`. */
  readonly opening?: string;
  /** Bytes of `raw` that are written at once; absent: all of them. */
  readonly piece?: number;
  /** How a stream ends: as it should, in the middle, not at all, or never: `raw` over and over, as fast as it is read. */
  readonly ending?: 'done' | 'cut' | 'hang' | 'endless';
}

const USAGE = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
const HEAD = { id: 'x', created: 1 };

/** A provider that says for each model what a test tells it to; of itself it speaks OpenAI's chat completions. */
export class FakeProvider {
  readonly seen: Seen[] = [];
  /** Of bodies that were told as they stand; those that are ready and not yet taken included. */
  sentBytes = 0;
  readonly #said = new Map<string, Said>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async start(): Promise<FakeProvider> {
    const provider = new FakeProvider();
    provider.#server.listen(0, '127.0.0.1');
    await once(provider.#server, 'listening');
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** @returns how many connections are open to it */
  connections(): Promise<number> {
    return promisify(this.#server.getConnections.bind(this.#server))();
  }

  /** @returns the model's name */
  say(model: string, said: Said): string {
    this.#said.set(model, said);
    return model;
  }

  /** Says, whole and streamed, that a function is to be called. @returns the model's name */
  call(model: string, called: { readonly name: string; readonly arguments: unknown }): string {
    const item = { index: 0, id: 'c1', type: 'function', function: called };
    const message = { role: 'assistant', content: null, tool_calls: [item] };
    return this.say(model, { message, deltas: [{ tool_calls: [item] }], reason: 'tool_calls' });
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    const entry: Seen = { url: request.url ?? '', headers: request.headers, text, isAborted: false };
    this.seen.push(entry);
    response.on('close', () => {
      entry.isAborted = !response.writableFinished;
    });
    const body = JSON.parse(text === '' ? '{}' : text) as {
      model?: string;
      stream?: boolean;
      stream_options?: { include_usage?: boolean };
    };
    const model = body.model ?? /\/models\/([^:?]+)/.exec(entry.url)?.[1] ?? '';
    const said: Said = this.#said.get(model) ?? {};
    if (body.stream && said.raw === undefined && said.status === undefined) {
      const wantsUsage = body.stream_options?.include_usage === true;
      await stream(response, said, model, wantsUsage);
    } else if (said.ending !== 'hang') {
      const { texts = ['Hello', ' there', '!'], reason = 'stop' } = said;
      const message = said.message ?? { role: 'assistant', content: texts.join('') };
      const choices = [{ index: 0, message, finish_reason: reason }];
      const whole = { ...HEAD, object: 'chat.completion', model, choices, usage: USAGE };
      response.writeHead(said.status ?? 200, { 'content-type': 'application/json', ...said.headers });
      await this.#write(response, { ...said, raw: said.raw ?? JSON.stringify(whole) });
    }
  }

  async #write(response: ServerResponse, { opening = '', raw = '', piece, ending }: Said): Promise<void> {
    const bytes = Buffer.from(raw);
    const step = Math.max(1, piece ?? bytes.length);
    const gone = once(response, 'close');
    response.write(opening);
    do {
      for (let at = 0; at < bytes.length && !response.destroyed; at += step) {
        const part = bytes.subarray(at, at + step);
        this.sentBytes += part.length;
        if (response.write(part)) await setImmediate();
        else await Promise.race([once(response, 'drain'), gone]);
      }
    } while (ending === 'endless' && !response.destroyed);
    if (ending === 'cut') response.destroy();
    else response.end();
  }
}

async function stream(
  response: ServerResponse,
  said: Said,
  model: string,
  wantsUsage: boolean,
): Promise<void> {
  const { texts = ['Hello', ' there', '!'], reason = 'stop', ending = 'done' } = said;
  const chunk = (choices: object[], more: object = {}): string =>
    `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', model, choices, ...more })}\n\n`;
  const deltas = said.deltas ?? texts.map((content) => ({ content }));
  const events = [{ role: 'assistant', content: '' }, ...deltas].map((delta) =>
    chunk([{ index: 0, delta, finish_reason: null }]),
  );
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (ending !== 'done') {
    response.write(events.slice(0, 3).join(''), () => {
      if (ending === 'cut') response.destroy();
    });
    return;
  }
  events.push(chunk([{ index: 0, delta: {}, finish_reason: reason }]));
  if (wantsUsage) events.push(chunk([], { usage: USAGE }));
  // Cut where no event ends, so that nothing downstream can rely on whole events.
  const bytes = Buffer.from(`${events.join('')}data: [DONE]\n\n`);
  for (let at = 0; at < bytes.length; at += 61) {
    response.write(bytes.subarray(at, at + 61));
    await setImmediate();
  }
  response.end();
}
