import { runService } from '@behavry/platform';
import { behaviorModule } from './app.module';
import { BehaviorConfig } from './behavior-monitor.config';

void runService({ app: 'behavior-monitor', config: BehaviorConfig, module: behaviorModule });
