/** First line of a connection to stdio-host: which server to start. After its answer the connection is stdin and stdout. */
export interface StdioStartRequest {
  readonly server_id: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Values or references, as registered; stdio-host resolves them itself. */
  readonly env: Readonly<Record<string, string>>;
}

/** First line of stdio-host's answer. */
export type StdioStartAnswer =
  | { readonly ok: true }
  /** A sentence for the operator's log. */
  | { readonly ok: false; readonly fault: string };

/** Longest first line of either side: a registered server fits in. */
export const STDIO_FIRST_LINE_MAX_BYTES = 1024 * 1024;
