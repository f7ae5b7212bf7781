/** One MCP server to put load on, and how to be let in. */
export interface Target {
  readonly url: string;
  /** Agent's token; empty where nobody asks for one. */
  readonly token: string;
}

/** About 1 KB of arguments without anything a scanner could find. */
export const PAYLOAD = 'the quick brown fox jumps over the lazy dog. '.repeat(21).slice(0, 940);

export const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-11-25',
} as const;

/** @returns the body of a `tools/call` of the tool `echo` with 1 KB of arguments */
export function callBody(id: number, tool = 'echo'): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: tool, arguments: { message: PAYLOAD } },
  });
}

export const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
});
