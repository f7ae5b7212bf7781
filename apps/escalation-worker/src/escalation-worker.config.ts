import { IsInt, Max, Min } from 'class-validator';
import { Env, ServiceConfig } from '@behavry/platform';

/** What escalation-worker reads from its environment. */
export class EscalationConfig extends ServiceConfig {
  @Env('BEHAVRY_ESCALATION_MAX_HOLD_SECONDS', {
    description: 'Longest time a claim is held open for a person, whatever the proxy asks for.',
  })
  @IsInt()
  @Min(0)
  @Max(55)
  maxHoldSeconds: number = 50;

  @Env('BEHAVRY_ESCALATION_SWEEP_SECONDS', { description: 'How often deadlines are looked at.' })
  @IsInt()
  @Min(1)
  @Max(60)
  sweepSeconds: number = 2;

  @Env('BEHAVRY_ESCALATION_MAX_OPEN_PER_AGENT', {
    description: 'How many calls of one agent may wait for a person at once; further ones are refused.',
  })
  @IsInt()
  @Min(1)
  @Max(100_000)
  maxOpenPerAgent: number = 50;

  @Env('BEHAVRY_ESCALATION_MAX_OPEN', {
    description: 'How many calls of the tenant may wait for a person at once; further ones are refused.',
  })
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  maxOpen: number = 500;
}
