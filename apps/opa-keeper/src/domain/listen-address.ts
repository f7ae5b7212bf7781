/** Where clients find the deciding OPA. */
export type ListenAddress =
  /** A unix socket; the path is a link to the socket of the OPA that decides. */
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly address: string; readonly isLoopback: boolean };

/** A path holds 107 bytes at most (Linux), and OPA's own socket has a number behind it. */
const SOCKET = /^unix:\/\/(\/[A-Za-z0-9._/-]{1,94})$/;
const TCP = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):([1-9][0-9]{0,4})$/;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

/** @returns the address, or undefined for a text that is neither `unix://<absolute path>` nor `<host>:<port>` */
export function readListenAddress(text: string): ListenAddress | undefined {
  const path = SOCKET.exec(text)?.[1];
  if (path !== undefined) return { kind: 'socket', path };
  const [, host = '', port = ''] = TCP.exec(text) ?? [];
  if (host === '' || Number(port) > 65_535) return undefined;
  return { kind: 'tcp', address: text, isLoopback: LOOPBACK.test(host) };
}
