import { Equals, IsBoolean, IsIn, IsInt, IsNumber, IsUrl, Matches, Max, Min } from 'class-validator';
import { Env } from './env';
import { HTTP_URL_RULE, OpaSocket, OpaToken, OpaUrl } from './opa-fields';
import { ServiceConfig } from './service-config';

/** What both proxies read: the engine that decides, the holding of calls, the record that waits. */
export class ProxyConfig extends ServiceConfig {
  @OpaSocket()
  opaSocket?: string;

  @OpaUrl()
  opaUrl: string = 'http://127.0.0.1:8181';

  @OpaToken()
  opaToken?: string;

  @Env('BEHAVRY_OPA_TIMEOUT_SECONDS', { description: 'Ceiling for one decision; a slower OPA means deny.' })
  @IsNumber()
  @Min(0.05)
  @Max(10)
  opaTimeoutSeconds: number = 2;

  @Env('BEHAVRY_OPA_FAIL_CLOSED', {
    description: 'Without a decision the answer is deny; nothing else is supported.',
  })
  @IsBoolean()
  @Equals(true, { message: 'must be true: calls are never allowed without a decision' })
  isOpaFailClosed: boolean = true;

  @Env('BEHAVRY_ESCALATION_OPS_URL', {
    description: 'Ops port of escalation-worker, where approvals are claimed.',
  })
  @IsUrl(HTTP_URL_RULE)
  escalationOpsUrl: string = 'http://escalation-worker:8001';

  @Env('BEHAVRY_ESCALATION_HOLD_SECONDS', { description: 'How long an escalated call is held for a person.' })
  @IsNumber()
  @Min(0)
  @Max(50)
  escalationHoldSeconds: number = 20;

  @Env('BEHAVRY_SPOOL_MAX_MB', {
    description: 'Records that may wait to be stored; above it calls are refused.',
  })
  @IsInt()
  @Min(8)
  spoolMaxMb: number = 512;

  @Env('BEHAVRY_INJECTION', {
    description:
      'What is done about results that try to instruct an agent: enforce puts a notice in their place, observe only records.',
  })
  @IsIn(['enforce', 'observe'])
  injection: 'enforce' | 'observe' = 'enforce';

  @Env('BEHAVRY_OTEL_PROPAGATE_UPSTREAM', {
    description:
      "Whether tools and models are told the traceparent of a traced call, in place of the agent's own; tracestate and baggage never go with it.",
  })
  @IsBoolean()
  isTraceHandedOn: boolean = false;

  @Env('BEHAVRY_STREAMS_PER_AGENT', { description: 'Streams that one agent may have open at once.' })
  @IsInt()
  @Min(1)
  streamsPerAgent: number = 16;

  @Env('BEHAVRY_PLANE_PORTS', {
    description:
      "Further ports (8001 or 8010-8049) of the plane's own on this machine, which no URL of an MCP server or a model provider may lead to.",
  })
  @Matches(/^\d{1,5}(-\d{1,5})?$/, { each: true, message: 'holds ports and ranges of ports' })
  planePorts: string[] = [];
}
