import { runService } from '@behavry/platform';
import { appModule } from './app.module';
import { AuditWriterConfig } from './audit-writer.config';

void runService({ app: 'audit-writer', config: AuditWriterConfig, module: appModule });
