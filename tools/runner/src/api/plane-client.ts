import { request } from 'undici';

/** An answer that was not as expected, with what the plane said. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string | undefined,
    message: string,
  ) {
    super(message);
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A person at a plane's public API. */
export class PlaneClient {
  private constructor(
    readonly url: string,
    private readonly token: string,
  ) {}

  /** Signs in. @throws ApiError when the plane does not accept it */
  static async signIn(url: string, username: string, password: string): Promise<PlaneClient> {
    const anonymous = new PlaneClient(url, '');
    const answer = await anonymous.call<{ access_token: string }>('POST', '/api/v1/auth/admin/login', {
      username,
      password,
    });
    return new PlaneClient(url, answer.access_token);
  }

  /** For routes that need nobody: enrolment, agents' tokens. */
  static anonymous(url: string): PlaneClient {
    return new PlaneClient(url, '');
  }

  /**
   * One call with JSON both ways.
   * @throws ApiError when the answer is not 2xx
   */
  async call<T>(
    method: Method,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const text = await this.callText(method, path, body, headers);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** @returns what is there, and the `ETag` that a change of it has to name */
  async read(path: string): Promise<{ readonly value: unknown; readonly etag: string }> {
    const { text, etag } = await this.#send('GET', path);
    return { value: JSON.parse(text), etag };
  }

  /** As {@link call}, with the answer as it stands. */
  async callText(
    method: Method,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    return (await this.#send(method, path, body, headers)).text;
  }

  async #send(
    method: Method,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly text: string; readonly etag: string }> {
    const answer = await request(`${this.url}${path}`, {
      method,
      headers: {
        ...(this.token === '' ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: 60_000,
      signal: AbortSignal.timeout(60_000),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 200 && answer.statusCode < 300)
      return { text, etag: String(answer.headers['etag'] ?? '') };
    throw new ApiError(
      answer.statusCode,
      codeOf(text),
      `${method} ${path} answered ${answer.statusCode}: ${text.slice(0, 500)}`,
    );
  }
}

function codeOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { code?: string }).code;
  } catch {
    return undefined;
  }
}
