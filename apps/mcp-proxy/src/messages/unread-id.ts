import { MAX_ID_CHARACTERS, type RpcId } from './rpc-message';

const ID = String.raw`"id"\s*:\s*(0|-?[1-9]\d{0,14}|"[^"\\\u0000-\u001f]{0,${MAX_ID_CHARACTERS}}")`;
const VERSION = String.raw`"jsonrpc"\s*:\s*"2\.0"\s*,\s*`;
/** Where clients write an id: before the method, or at the end of what begins with it. */
const ID_FIRST = new RegExp(String.raw`^\s*\{\s*${VERSION}${ID}\s*,\s*"method"\s*:`, 'u');
const METHOD_FIRST = new RegExp(String.raw`^\s*\{\s*(?:${VERSION})?"method"\s*:`, 'u');
const ID_LAST = new RegExp(String.raw`,\s*${ID}\s*\}\s*$`, 'u');
/** Bytes at either end that are looked at: more than the longest id takes. */
const ENDS = 4 * MAX_ID_CHARACTERS + 256;

/**
 * The id of a request that is refused before it is read, so that its client is told why under it (MCP clients drop
 * what comes without one). Good for the answer alone: who writes another id twice deceives nobody else.
 * @returns null for notifications and responses, and where the id stands elsewhere
 */
export function unreadId(bytes: Buffer): RpcId | null {
  const head = bytes.toString('utf8', 0, ENDS);
  const tail = (): string => bytes.toString('utf8', Math.max(0, bytes.length - ENDS));
  const id = ID_FIRST.exec(head) ?? (METHOD_FIRST.test(head) ? ID_LAST.exec(tail()) : null);
  return id?.[1] === undefined ? null : (JSON.parse(id[1]) as RpcId);
}
