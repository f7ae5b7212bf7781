import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { request, type PersonClient } from './person';

export interface Credentials {
  readonly agent_id: string;
  readonly client_id: string;
  readonly client_secret: string;
}

/** What a call came to: the text of its result, or the error of the proxy. */
export type CallResult =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false;
      readonly code: number;
      readonly data: Readonly<Record<string, unknown>>;
      readonly message: string;
    };

/** Enrols an agent the way an administrator and an agent do it together. */
export async function enrol(control: PersonClient, name: string): Promise<Credentials> {
  const { token } = await control.must<{ token: string }>('POST', '/api/v1/enrollment/tokens', {
    label: name,
  });
  const reply = await request<Credentials>('POST', `${control.url}/api/v1/enroll`, {
    token,
    name,
    agent_type: 'custom',
  });
  if (reply.status !== 201) throw new Error(`enroll answered ${reply.status}`);
  return reply.body;
}

/** An agent with a token of a plane. */
export class Agent {
  readonly #clients: Client[] = [];

  private constructor(
    readonly url: string,
    readonly credentials: Credentials,
    readonly token: string,
  ) {}

  /** @param issuer base URL of the plane that gives the token; the data plane itself unless said */
  static async connect(url: string, credentials: Credentials, issuer = url): Promise<Agent> {
    return new Agent(url, credentials, await Agent.token(issuer, credentials));
  }

  static async token(issuer: string, { client_id, client_secret }: Credentials): Promise<string> {
    const reply = await request<{ access_token: string }>('POST', `${issuer}/api/v1/auth/token`, {
      grant_type: 'client_credentials',
      client_id,
      client_secret,
    });
    if (reply.status !== 200)
      throw new Error(`auth/token answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    return reply.body.access_token;
  }

  /**
   * Opens a session with an MCP server through the proxy, with the official client.
   * @param decided told the body of every request and the decision id of its answer
   */
  async mcp(server: string, decided?: (body: string, decisionId: string) => void): Promise<Client> {
    const client = new Client({ name: 'e2e', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(`${this.url}/mcp/v1/${server}`), {
      requestInit: { headers: { authorization: `Bearer ${this.token}` } },
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        const id = answer.headers.get('x-behavry-decision');
        if (id !== null && typeof init?.body === 'string') decided?.(init.body, id);
        return answer;
      },
    });
    await client.connect(transport);
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) await client.close();
  }
}

/** Calls a tool; a refusal is a result, not an exception. */
export async function callTool(
  client: Client,
  name: string,
  args: Record<string, unknown>,
): Promise<CallResult> {
  try {
    const result = await client.callTool({ name, arguments: args });
    return { ok: true, text: JSON.stringify(result.content) };
  } catch (error) {
    const { code, data, message } = error as { code?: unknown; data?: unknown; message: string };
    // Only the proxy's own codes are refusals; a lost session or connection is for the caller to mend.
    if (typeof code !== 'number' || code > -31000 || code <= -32000) throw error;
    return { ok: false, code, data: (data ?? {}) as Record<string, unknown>, message };
  }
}
