import { runService } from '@behavry/platform';
import { appModule } from './app.module';
import { LicenseConfig } from './license-service.config';

void runService({ app: 'license-service', config: LicenseConfig, module: appModule });
