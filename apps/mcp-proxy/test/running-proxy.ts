import { join } from 'node:path';
import type { McpServerEntry } from '@behavry/contracts';
import { bearer, startTestProxy, type TestProxy } from '@behavry/testing';
import { request, type Dispatcher } from 'undici';
import { MCP_PROXY } from '../src/mcp-proxy';
import type { McpProxyConfig } from '../src/mcp-proxy.config';

export interface RpcAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly text: string;
  /** The message, from JSON or from the last event. */
  readonly json: {
    id?: unknown;
    result?: Record<string, never>;
    error?: { code: number; message: string; data: Readonly<Record<string, unknown>> };
  };
}

/** An mcp-proxy with ways to speak to it. */
export interface RunningProxy extends TestProxy {
  /** The header by which an agent is known. */
  bearer(agent: string): Record<string, string>;
  /** Sends one message, or raw bytes, to a server. */
  post(server: string, body: object | string | Buffer, headers?: Record<string, string>): Promise<RpcAnswer>;
  /** Opens a session. @returns its headers for further requests */
  open(server: string, agent?: string): Promise<Record<string, string>>;
}

const CLIENT_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

export async function startProxy(
  settings: Partial<McpProxyConfig>,
  servers: readonly McpServerEntry[],
  knowsEndedSessions = true,
): Promise<RunningProxy> {
  const proxy = await startTestProxy({
    definition: MCP_PROXY,
    settings,
    policies: [join(__dirname, 'opa', 'policy.rego')],
    document: { mcp_servers: servers },
    knowsEndedSessions,
  });
  const tokens = new Map<string, string>();
  const bearerOf = (agent: string): Record<string, string> => {
    let token = tokens.get(agent);
    if (token === undefined) tokens.set(agent, (token = proxy.issuer.agentToken(agent)));
    return bearer(token);
  };
  const post: RunningProxy['post'] = async (server, body, headers = bearerOf('a1')) => {
    const response = await request(`${proxy.url}/mcp/v1/${server}`, {
      method: 'POST',
      headers: { ...CLIENT_HEADERS, ...headers },
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, text, json: lastMessage(text) };
  };
  return {
    ...proxy,
    bearer: bearerOf,
    post,
    open: async (server, agent = 'a1') => {
      const opened = await post(server, initialize(), bearerOf(agent));
      const id = opened.headers['mcp-session-id'];
      if (typeof id !== 'string') throw new Error(`no session: ${String(opened.status)} ${opened.text}`);
      return { ...bearerOf(agent), 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' };
    },
  };
}

export function initialize(id: unknown = 0): object {
  return {
    jsonrpc: '2.0',
    id,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: { elicitation: { url: {} } },
      clientInfo: { name: 't', version: '1' },
    },
  };
}

export function callTool(name: string, args: object = {}, id: unknown = 1): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } };
}

function lastMessage(text: string): RpcAnswer['json'] {
  if (text === '') return {};
  const json = text.startsWith('{')
    ? text
    : text
        .split('\n')
        .filter((line) => line.startsWith('data: {'))
        .at(-1)
        ?.slice(6);
  return json === undefined ? {} : (JSON.parse(json) as RpcAnswer['json']);
}
