import { isIP } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';
import { FAULTS, type McpFault } from '../exchange/mcp-fault';

export interface AllowedPeers {
  /** Host names without port, lower case. */
  readonly hosts: ReadonlySet<string>;
  /** Origins as browsers send them. */
  readonly origins: ReadonlySet<string>;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const VERSIONS = new Set(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07']);

/** @returns who may name this service in `Host` and `Origin` */
export function allowedPeers(
  publicUrl: string | undefined,
  hosts: readonly string[],
  origins: readonly string[],
): AllowedPeers {
  const own = publicUrl === undefined ? undefined : new URL(publicUrl);
  return {
    hosts: new Set([...LOOPBACK, ...hosts.map((host) => host.toLowerCase()), ...(own ? [own.hostname] : [])]),
    origins: new Set([...origins.map((origin) => origin.toLowerCase()), ...(own ? [own.origin] : [])]),
  };
}

/**
 * Refuses what a page of another site could send through a browser (MCP, transports: DNS rebinding). An
 * address or a name without dots cannot be rebound, so only other names need to be known.
 */
export function checkPeer(headers: IncomingHttpHeaders, allowed: AllowedPeers): McpFault | undefined {
  const host = hostNameOf(headers.host);
  if (host === undefined) return FAULTS.badHost;
  const isHarmless = isIP(host.replace(/^\[|\]$/g, '')) !== 0 || !host.includes('.');
  if (!isHarmless && !allowed.hosts.has(host)) return FAULTS.badHost;
  const { origin } = headers;
  if (origin === undefined || allowed.origins.has(origin.toLowerCase())) return undefined;
  const isLoopback = URL.canParse(origin) && LOOPBACK.has(new URL(origin).hostname);
  return isLoopback ? undefined : FAULTS.badOrigin;
}

/** Checks the headers of a POST (MCP, Streamable HTTP). */
export function checkPost(headers: IncomingHttpHeaders): McpFault | undefined {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return FAULTS.encoded;
  if (mediaType(headers['content-type']) !== 'application/json') return FAULTS.badType;
  if (!accepts(headers.accept, 'application/json') || !accepts(headers.accept, 'text/event-stream')) {
    return FAULTS.notAcceptable;
  }
  return checkVersion(headers);
}

/** Checks the headers of a GET that opens a stream. */
export function checkGet(headers: IncomingHttpHeaders): McpFault | undefined {
  return accepts(headers.accept, 'text/event-stream') ? checkVersion(headers) : FAULTS.noStreamAccepted;
}

function checkVersion(headers: IncomingHttpHeaders): McpFault | undefined {
  const version = headers['mcp-protocol-version'];
  return version === undefined || (typeof version === 'string' && VERSIONS.has(version))
    ? undefined
    : FAULTS.badVersion;
}

function hostNameOf(host: string | undefined): string | undefined {
  if (host === undefined || !/^[A-Za-z0-9.\-_[\]:]+$/.test(host)) return undefined;
  return host.toLowerCase().replace(/:\d+$/, '');
}

function mediaType(value: string | undefined): string {
  return (value ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function accepts(accept: string | undefined, type: string): boolean {
  const [group] = type.split('/');
  return (accept ?? '').split(',').some((part) => {
    const range = mediaType(part);
    return range === type || range === `${String(group)}/*` || range === '*/*';
  });
}
