import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';

/** What a tool call came to: its text, or the error that the data plane answered. */
export type CallOutcome =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false;
      readonly code: number;
      readonly message: string;
      readonly data: Readonly<Record<string, unknown>>;
    };

/** An agent's connection to one MCP server behind the data plane, by the official client. */
export class McpSession {
  private constructor(private readonly client: Client) {}

  static async connect(url: string, token: string): Promise<McpSession> {
    const client = new Client({ name: 'behavry-demo', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: authorized(token) });
    // The client's own types differ where optional members may be undefined.
    await client.connect(transport);
    return new McpSession(client);
  }

  async toolNames(): Promise<string[]> {
    const { tools } = await this.client.listTools();
    return tools.map(({ name }) => name).sort();
  }

  async call(name: string, args: Record<string, unknown>): Promise<CallOutcome> {
    try {
      const { content } = await this.client.callTool({ name, arguments: args });
      const parts = Array.isArray(content) ? (content as { text?: string }[]) : [];
      return { ok: true, text: parts.map(({ text = '' }) => text).join('\n') };
    } catch (error) {
      const {
        code = 0,
        message = String(error),
        data = {},
      } = error as { code?: number; message?: string; data?: Record<string, unknown> };
      return { ok: false, code, message, data };
    }
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

/** The tools that the newer generation of the official client sees. */
export async function toolNamesOfModernClient(url: string, token: string): Promise<string[]> {
  const client = new ModernClient({ name: 'behavry-demo', version: '1.0.0' });
  const transport = new ModernTransport(new URL(url), { requestInit: authorized(token) });
  await client.connect(transport);
  try {
    const { tools } = await client.listTools();
    return tools.map(({ name }) => name).sort();
  } finally {
    await client.close();
  }
}

function authorized(token: string): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${token}` } };
}
