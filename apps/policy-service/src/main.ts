import { runService } from '@behavry/platform';
import { policyModule } from './app.module';
import { PolicyConfig } from './policy-service.config';

void runService({ app: 'policy-service', config: PolicyConfig, module: policyModule });
