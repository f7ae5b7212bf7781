import { request } from 'node:http';
import { isObject, parsedJson } from '@behavry/contracts';

const PATIENCE_MS = 2_000;
const MAX_BYTES = 4 * 1024 * 1024;

/** Asks one OPA over its own socket what its keeper wants to know. */
export class OpaQuestions {
  constructor(
    private readonly socketPath: string,
    private readonly token: string | undefined,
  ) {}

  /** @returns the revision of the policies that it decides by; undefined while it has none, or does not answer */
  async revision(): Promise<string | undefined> {
    const text = await this.#ask('POST', '/v1/data/behavry/authz/revision', '{"input":{}}');
    const answer = text === undefined ? undefined : parsedJson(text);
    const revision = isObject(answer) ? answer['result'] : undefined;
    return typeof revision === 'string' && revision !== '' ? revision : undefined;
  }

  /** @returns its metrics in Prometheus' text form; empty while it does not answer */
  async metrics(): Promise<string> {
    return (await this.#ask('GET', '/metrics')) ?? '';
  }

  #ask(method: string, path: string, body = ''): Promise<string | undefined> {
    const { socketPath, token } = this;
    const headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return new Promise((resolve) => {
      // A connection of its own each time: one that is kept would hold up the end of the OPA.
      const options = { socketPath, method, path, headers, agent: false, timeout: PATIENCE_MS };
      const asked = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
          if (text.length > MAX_BYTES) asked.destroy();
        });
        response.once('end', () => resolve(response.statusCode === 200 ? text : undefined));
        response.once('close', () => resolve(undefined));
      });
      asked.once('timeout', () => asked.destroy());
      asked.once('error', () => resolve(undefined));
      asked.end(body);
    });
  }
}
