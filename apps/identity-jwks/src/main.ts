import { runService } from '@behavry/platform';
import { appModule } from './app.module';
import { IdentityConfig } from './identity-jwks.config';
import { migrate } from './seed/migrate';

void runService({ app: 'identity-jwks', config: IdentityConfig, module: appModule, migrate });
