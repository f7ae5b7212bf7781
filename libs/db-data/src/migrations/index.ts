import type { MigrationInterface } from 'typeorm';
import { Access1790000000121 } from './access.migration';
import { Audit1790000000111 } from './audit.migration';
import { AuditVerification1790000000131 } from './audit-verification.migration';
import { Behavior1790000000113 } from './behavior.migration';
import { Escalations1790000000112 } from './escalations.migration';
import { People1790000000141 } from './people.migration';
import { Uplink1790000000101 } from './uplink.migration';
import { Usage1790000000132 } from './usage.migration';

/** Every migration of the data schema, in order. */
export const DATA_MIGRATIONS: (new () => MigrationInterface)[] = [
  Uplink1790000000101,
  Audit1790000000111,
  Escalations1790000000112,
  Behavior1790000000113,
  Access1790000000121,
  AuditVerification1790000000131,
  Usage1790000000132,
  People1790000000141,
];
