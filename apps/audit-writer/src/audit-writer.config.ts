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

  @Env('BEHAVRY_AUDIT_VERIFY_SECONDS', {
    description: 'How often the new part of the audit chain is verified.',
  })
  @IsInt()
  @Min(2)
  @Max(86_400)
  auditVerifySeconds: number = 3_600;

  @Env('BEHAVRY_AUDIT_VERIFY_HOUR', {
    description: 'Hour of the day (UTC) from which the whole chain is verified once.',
  })
  @IsInt()
  @Min(0)
  @Max(23)
  auditVerifyHour: number = 2;
}
