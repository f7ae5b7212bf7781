import type { DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DATA_ENTITIES } from '@behavry/db-data';
import { openDatabase, type ServiceContext } from '@behavry/platform';
import { AlertController } from './alerts/alert.controller';
import { AlertService } from './alerts/alert.service';
import type { BehaviorConfig } from './behavior-monitor.config';
import { CountingLoop } from './counting/counting-loop';
import { CountingService } from './counting/counting.service';
import { BehaviorController } from './risk/behavior.controller';
import { RiskController } from './risk/risk.controller';

class BehaviorModule {}

/** @returns the app's module; wiring only */
export function behaviorModule(context: ServiceContext<BehaviorConfig>): DynamicModule {
  return {
    module: BehaviorModule,
    controllers: [RiskController, BehaviorController, AlertController],
    providers: [
      {
        provide: DataSource,
        useFactory: () => openDatabase(context, { role: 'app', entities: DATA_ENTITIES, poolSize: 4 }),
      },
      CountingService,
      CountingLoop,
      AlertService,
    ],
  };
}
