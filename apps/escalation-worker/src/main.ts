import { runService } from '@behavry/platform';
import { escalationModule } from './app.module';
import { EscalationConfig } from './escalation-worker.config';

void runService({ app: 'escalation-worker', config: EscalationConfig, module: escalationModule });
