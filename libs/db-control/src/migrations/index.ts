import type { MigrationInterface } from 'typeorm';
import { Access1790000000011 } from './access.migration';
import { BuildWake1790000000015 } from './build-wake.migration';
import { Bundle1790000000003 } from './bundle.migration';
import { Identity1790000000001 } from './identity.migration';
import { ModelSettings1790000000016 } from './model-settings.migration';
import { People1790000000021 } from './people.migration';
import { Policy1790000000002 } from './policy.migration';

/** Every migration of the control schema, in order. */
export const CONTROL_MIGRATIONS: (new () => MigrationInterface)[] = [
  Identity1790000000001,
  Policy1790000000002,
  Bundle1790000000003,
  Access1790000000011,
  BuildWake1790000000015,
  ModelSettings1790000000016,
  People1790000000021,
];
