import type { PlaneAccess } from './system';

export interface Reply<T = Readonly<Record<string, unknown>>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** An administrator of a plane, through its API. */
export class PersonClient {
  private constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  static async signIn({ url, admin }: PlaneAccess): Promise<PersonClient> {
    const reply = await request<{ access_token: string }>('POST', `${url}/api/v1/auth/admin/login`, admin);
    if (reply.status !== 200) throw new Error(`sign-in answered ${reply.status}`);
    return new PersonClient(url, reply.body.access_token);
  }

  send<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply<T>> {
    return request<T>(method, `${this.url}${path}`, body, {
      authorization: `Bearer ${this.token}`,
      ...headers,
    });
  }

  get<T = Record<string, unknown>>(path: string): Promise<Reply<T>> {
    return this.send<T>('GET', path);
  }

  /** @throws Error when the answer is not a success */
  async must<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const reply = await this.send<T>(method, path, body);
    if (reply.status >= 300)
      throw new Error(`${method} ${path} answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  }
}

/** One request; a body is sent as JSON, an answer read as JSON where it is. */
export async function request<T = Record<string, unknown>>(
  method: string,
  url: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply<T>> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: (isJson && text !== '' ? JSON.parse(text) : text) as T,
  };
}
