import { runService } from '@behavry/platform';
import { bundleModule } from './app.module';
import { BundleConfig } from './bundle-server.config';

void runService({ app: 'bundle-server', config: BundleConfig, module: bundleModule });
