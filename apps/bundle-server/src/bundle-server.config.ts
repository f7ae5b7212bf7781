import { IsInt, IsString, Max, Min } from 'class-validator';
import { Env, ServiceConfig } from '@behavry/platform';

/** What bundle-server reads from its environment. */
export class BundleConfig extends ServiceConfig {
  @Env('BEHAVRY_POLICIES_DIR', { description: 'Folder of the Rego modules that every bundle holds.' })
  @IsString()
  policiesDir: string = 'policies';

  @Env('BEHAVRY_BUNDLE_SWEEP_SECONDS', {
    description: 'How often all tenants are looked at, should a wake-up have been lost.',
  })
  @IsInt()
  @Min(1)
  @Max(300)
  sweepSeconds: number = 5;

  @Env('BEHAVRY_BUNDLE_MAX_WAIT_SECONDS', {
    description: 'Longest time a poll is held; keep it below the idle limits of what stands between.',
  })
  @IsInt()
  @Min(1)
  @Max(55)
  maxWaitSeconds: number = 50;
}
