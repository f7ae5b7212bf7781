import {
  Equals,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsUrl,
  Max,
  Min,
} from 'class-validator';
import { Env } from './env';
import { ServiceConfig } from './service-config';

/** An http(s) URL as configuration accepts it; hosts inside a plane have no top-level domain. */
export const HTTP_URL_RULE = { require_tld: false, protocols: ['http', 'https'], require_protocol: true };

/** What both proxies read: the engine that decides, the holding of calls, the record that waits. */
export class ProxyConfig extends ServiceConfig {
  @Env('BEHAVRY_OPA_SOCKET', {
    description: 'Unix socket of the deciding OPA; takes precedence over BEHAVRY_OPA_URL.',
  })
  @IsOptional()
  @IsString()
  opaSocket?: string;

  @Env('BEHAVRY_OPA_URL', { description: 'Base URL of the deciding OPA.' })
  @IsUrl(HTTP_URL_RULE)
  opaUrl: string = 'http://127.0.0.1:8181';

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

  @Env('BEHAVRY_STREAMS_PER_AGENT', { description: 'Streams that one agent may have open at once.' })
  @IsInt()
  @Min(1)
  streamsPerAgent: number = 16;
}
