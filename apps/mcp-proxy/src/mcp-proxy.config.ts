import { hostname } from 'node:os';
import { isIPv6 } from 'node:net';
import { IsArray, IsInt, IsNumber, IsOptional, IsString, IsUrl, Max, Min } from 'class-validator';
import { Env, HTTP_URL_RULE, IsAddressList, ProxyConfig } from '@behavry/platform';

/** Environment of mcp-proxy. */
export class McpProxyConfig extends ProxyConfig {
  @Env('BEHAVRY_UPSTREAM_TIMEOUT_SECONDS', {
    description:
      'How long an upstream may be silent; with the hold never above 55 s, because clients give up after 60.',
  })
  @IsNumber()
  @Min(1)
  @Max(55)
  upstreamTimeoutSeconds: number = 35;

  @Env('BEHAVRY_STDIO_SOCKET', {
    description: 'Unix socket between mcp-proxy and stdio-host; without it no stdio server can be used.',
  })
  @IsOptional()
  @IsString()
  stdioSocket?: string;

  @Env('BEHAVRY_MCP_ALLOWED_HOSTS', {
    description:
      'Where URLs of MCP servers may lead: hosts, addresses (each also with :port), ranges such as 10.1.0.0/16, or public, loopback, private. In standalone public,loopback when not set; on a data plane nothing.',
  })
  @IsOptional()
  @IsAddressList()
  allowedUpstreams?: string[];

  @Env('BEHAVRY_ALLOWED_HOSTS', {
    description:
      'Further host names that requests may name; loopback, addresses and the public URL always may.',
  })
  @IsArray()
  allowedHosts: string[] = [];

  @Env('BEHAVRY_ALLOWED_ORIGINS', {
    description: 'Further origins whose pages may send requests, besides loopback and the public URL.',
  })
  @IsArray()
  allowedOrigins: string[] = [];

  @Env('BEHAVRY_OPS_ADVERTISED_URL', {
    description:
      'Under which other replicas of mcp-proxy reach the ops port of this one alone; when not set http://<BEHAVRY_OPS_HOST, or the host name where that is every address>:<ops port>.',
  })
  @IsOptional()
  @IsUrl(HTTP_URL_RULE)
  opsAdvertisedUrl?: string;

  @Env('BEHAVRY_MCP_MAX_BODY_BYTES', { description: 'Largest request.' })
  @IsInt()
  @Min(1024)
  maxBodyBytes: number = 4 * 1024 * 1024;

  @Env('BEHAVRY_MCP_MAX_RESULT_BYTES', { description: 'Largest single message from an upstream.' })
  @IsInt()
  @Min(1024)
  maxResultBytes: number = 16 * 1024 * 1024;

  @Env('BEHAVRY_MCP_SESSION_IDLE_SECONDS', {
    description: 'A session unused for so long is ended, with its server process.',
  })
  @IsInt()
  @Min(10)
  sessionIdleSeconds: number = 1800;

  @Env('BEHAVRY_MCP_MAX_SESSIONS_PER_AGENT', { description: 'Sessions one agent may have open.' })
  @IsInt()
  @Min(1)
  maxSessionsPerAgent: number = 100;

  @Env('BEHAVRY_MCP_OPENS_PER_AGENT', { description: 'Sessions one agent may be opening at once.' })
  @IsInt()
  @Min(1)
  opensPerAgent: number = 8;
}

const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);

/** @returns base URL of this process's ops port, for other replicas */
export function advertisedOpsUrl({ opsAdvertisedUrl, opsHost, port }: McpProxyConfig): string {
  if (opsAdvertisedUrl !== undefined) return new URL(opsAdvertisedUrl).origin;
  const host = EVERY_ADDRESS.has(opsHost) ? hostname() : opsHost;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${String(port + 1)}`;
}
