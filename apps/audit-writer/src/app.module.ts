import type { DynamicModule } from '@nestjs/common';
import { DATA_ENTITIES } from '@behavry/db-data';
import { openDatabase, QueueBroker, type ServiceContext } from '@behavry/platform';
import { DataSource } from 'typeorm';
import type { AuditWriterConfig } from './audit-writer.config';
import { AuditEventsController } from './events/audit-events.controller';
import { AuditExport } from './events/audit-export';
import { AuditStream } from './events/audit-stream';
import { AuditVerifier } from './events/audit-verifier';
import { CommitWakes } from './intake/commit-wakes';
import { IntakeService } from './intake/intake.service';
import { SessionController } from './sessions/session.controller';
import { SessionEnds } from './sessions/session-ends';
import { UsageController } from './usage/usage.controller';
import { ChainWatch } from './verification/chain-watch';

class AuditWriterModule {}

/** @returns the app's module; its database login may add audit rows and never alter them */
export function appModule(context: ServiceContext<AuditWriterConfig>): DynamicModule {
  const plain = context as unknown as ServiceContext;
  return {
    module: AuditWriterModule,
    controllers: [AuditEventsController, SessionController, UsageController],
    providers: [
      {
        provide: DataSource,
        useFactory: () => openDatabase(plain, { role: 'audit', entities: DATA_ENTITIES }),
      },
      {
        provide: CommitWakes,
        useFactory: (broker: QueueBroker) => new CommitWakes(plain, broker),
        inject: [QueueBroker],
      },
      AuditVerifier,
      ChainWatch,
      AuditExport,
      AuditStream,
      SessionEnds,
      IntakeService,
    ],
  };
}
