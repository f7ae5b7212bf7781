import { IsInt, Max, Min } from 'class-validator';
import { Env, ServiceConfig } from '@behavry/platform';

/** The environment of audit-writer. */
export class AuditWriterConfig extends ServiceConfig {
  @Env('BEHAVRY_AUDIT_PENDING_SECONDS', {
    description: 'How long a decision may wait for its outcome before it is recorded as aborted.',
  })
  @IsInt()
  @Min(60)
  @Max(7 * 86_400)
  auditPendingSeconds: number = 3_600;
}
