import { IsInt, IsString, Max, Min, MinLength } from 'class-validator';
import { Env, ServiceConfig } from '@behavry/platform';

/** What policy-service reads from its environment. */
export class PolicyConfig extends ServiceConfig {
  @Env('BEHAVRY_OPA_BIN', { description: 'The opa command (1.22 or newer), a path or a name on PATH.' })
  @IsString()
  @MinLength(1)
  opaBin: string = 'opa';

  @Env('BEHAVRY_POLICIES_DIR', {
    description:
      'Folder of the shipped policies and of capabilities.json, the built-ins that policies may use.',
  })
  @IsString()
  @MinLength(1)
  policiesDir: string = 'policies';

  @Env('BEHAVRY_PUBLISH_WAIT_SECONDS', {
    description: 'How long an activation waits for the bundle that holds it.',
  })
  @IsInt()
  @Min(1)
  @Max(30)
  publishWaitSeconds: number = 15;
}
