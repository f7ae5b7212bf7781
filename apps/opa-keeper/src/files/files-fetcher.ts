import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { isObject, OPA_FILES_PATH, parsedJson, type OpaFiles } from '@behavry/contracts';
import { boundedBody, writeOpaFiles, type Logger } from '@behavry/platform';

const EVERY_MS = 5_000;
const ANSWER_MS = 5_000;
const MAX_BYTES = 256 * 1024;

export interface FetcherOptions {
  /** Ops port of license-service. */
  readonly url: string;
  readonly token: string;
  /** Where the files are put. */
  readonly folder: string;
}

/** Brings OPA's files from license-service into the keeper's own folder. What is there stays while none come. */
export class FilesFetcher {
  readonly #agent = new Agent({ connect: { timeout: ANSWER_MS }, connections: 1 });
  readonly #ending = new AbortController();
  #etag: string | undefined;
  #said: string | undefined;

  constructor(
    private readonly options: FetcherOptions,
    private readonly log: Logger,
  ) {}

  /** Asks every few seconds until it is stopped. */
  async run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.#fetch();
      await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#agent.destroy();
  }

  async #fetch(): Promise<void> {
    const { url, token, folder } = this.options;
    try {
      const { statusCode, headers, body } = await request(`${url.replace(/\/+$/, '')}${OPA_FILES_PATH}`, {
        dispatcher: this.#agent,
        headersTimeout: ANSWER_MS,
        bodyTimeout: ANSWER_MS,
        headers: {
          authorization: `Bearer ${token}`,
          ...(this.#etag === undefined ? {} : { 'if-none-match': this.#etag }),
        },
        signal: this.#ending.signal,
      });
      const text = (await boundedBody(body, MAX_BYTES)).toString('utf8');
      if (statusCode === 304) return;
      const files = statusCode === 200 ? filesIn(text) : undefined;
      if (!files) {
        this.#say(refusal(statusCode, text));
        return;
      }
      writeOpaFiles(folder, files);
      const { etag } = headers;
      this.#etag = typeof etag === 'string' ? etag : undefined;
      this.#said = undefined;
      this.log.info('the files of OPA came from license-service');
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#say(error instanceof Error ? error.message : 'no answer');
    }
  }

  /** Each reason once, until it is another. */
  #say(why: string): void {
    if (why === this.#said) return;
    this.#said = why;
    this.log.warn({ why }, 'the files of OPA could not be fetched; those in the folder stay');
  }
}

function filesIn(text: string): OpaFiles | undefined {
  const answer = parsedJson(text);
  if (!isObject(answer)) return undefined;
  const { config, token } = answer;
  return typeof config === 'string' && typeof token === 'string' && config && token
    ? { config, token }
    : undefined;
}

function refusal(status: number, text: string): string {
  if (status === 401) return 'license-service refuses BEHAVRY_OPA_TOKEN: it has another one, or none';
  const answer = parsedJson(text);
  const detail = isObject(answer) ? answer['detail'] : undefined;
  return `license-service answered ${status}${typeof detail === 'string' ? `: ${detail.slice(0, 300)}` : ''}`;
}
