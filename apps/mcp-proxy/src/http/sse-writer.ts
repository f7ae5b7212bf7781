import type { ServerResponse } from 'node:http';
import { sendStreamHead, writeStream } from '@behavry/proxy';
import type { EventSink } from '../exchange/relay';
import type { UpstreamEvent } from '../upstream/upstream-session';

const KEEP_ALIVE_MS = 15_000;

/** Writes server-sent events, each flushed at once, with comments while nothing happens. */
export class SseWriter implements EventSink {
  readonly #response: ServerResponse;
  readonly #timer: NodeJS.Timeout;

  /** Sends the head of the answer. @param headers added to those of an event stream */
  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.#response = response;
    sendStreamHead(response, headers);
    this.#timer = setInterval(() => {
      response.write(': keep-alive\n\n');
    }, KEEP_ALIVE_MS);
    this.#timer.unref();
  }

  write({ text, eventId, retryMs }: UpstreamEvent): Promise<boolean> {
    let frame = '';
    if (retryMs !== undefined) frame += `retry: ${String(retryMs)}\n`;
    if (eventId !== undefined) frame += `id: ${eventId}\n`;
    if (text !== '' || eventId !== undefined) {
      if (text !== '') frame += 'event: message\n';
      for (const line of text.split(/\r\n|\r|\n/)) frame += `data: ${line}\n`;
    }
    return writeStream(this.#response, `${frame}\n`);
  }

  /** @param closesConnection also ends a connection that could be kept: a closing server waits for it */
  end(closesConnection: boolean): void {
    clearInterval(this.#timer);
    const { socket } = this.#response;
    this.#response.end(() => {
      if (closesConnection) socket?.destroySoon();
    });
  }
}
