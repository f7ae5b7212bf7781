import { IsInt, Max, Min } from 'class-validator';
import { Env, ServiceConfig } from '@behavry/platform';

/** What behavior-monitor reads from its environment. */
export class BehaviorConfig extends ServiceConfig {
  @Env('BEHAVRY_BEHAVIOR_SWEEP_SECONDS', {
    description:
      'How often new audit rows are looked for when no wake-up came, and scores are let down and told anew.',
  })
  @IsInt()
  @Min(1)
  @Max(15)
  sweepSeconds: number = 5;
}
