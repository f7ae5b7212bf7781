import { IsArray, IsInt, IsNumber, Max, Min } from 'class-validator';
import { Env, ProxyConfig } from '@behavry/platform';

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

  @Env('BEHAVRY_STDIO_COMMANDS', {
    description: 'Commands that stdio servers may be started with; empty means none.',
  })
  @IsArray()
  stdioCommands: string[] = [];

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
