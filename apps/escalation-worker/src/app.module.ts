import type { DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DATA_ENTITIES } from '@behavry/db-data';
import { openDatabase, type ServiceContext } from '@behavry/platform';
import { ClaimRoute } from './claims/claim.route';
import { ClaimService } from './claims/claim.service';
import { DecisionFeed } from './claims/decision-feed';
import type { EscalationConfig } from './escalation-worker.config';
import { EscalationController } from './escalations/escalation.controller';
import { EscalationService } from './escalations/escalation.service';
import { EscalationSweep } from './escalations/escalation-sweep';

class EscalationModule {}

/** @returns the app's module; wiring only */
export function escalationModule(context: ServiceContext<EscalationConfig>): DynamicModule {
  return {
    module: EscalationModule,
    controllers: [EscalationController],
    providers: [
      {
        provide: DataSource,
        useFactory: () => openDatabase(context, { role: 'app', entities: DATA_ENTITIES }),
      },
      DecisionFeed,
      ClaimService,
      ClaimRoute,
      EscalationService,
      EscalationSweep,
    ],
  };
}
