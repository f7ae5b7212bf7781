import { startTestPostgres, type TestPostgres } from '@behavry/test-components';
import { createLogger, migratePlane, noteMigrated } from '../src';
import { awaitMigration } from '../src/database/migration-wait';
import { newKeys } from './plane-stores';

describe('the wait for a migration', () => {
  const keys = newKeys();
  const log = createLogger('identity-jwks', 'silent', {});
  let postgres: TestPostgres;

  beforeAll(async () => (postgres = await startTestPostgres()), 120_000);
  afterAll(() => postgres.stop());

  it('lasts while the job of exactly this version has not ended, whatever else is missing', async () => {
    const ownerUrl = await postgres.createDatabase();
    let hasEnded = false;
    const reasons: unknown[] = [];
    const waiting = awaitMigration({
      dbUrl: ownerUrl,
      keys,
      version: '2.0.0',
      log: { info: (fields: unknown) => reasons.push(fields) } as never,
      pauseMs: 20,
    }).then(() => (hasEnded = true));

    await migratePlane({ ownerUrl, schemas: [], keys, log });
    await noteMigrated(ownerUrl, '1.0.0');
    expect(hasEnded).toBe(false);
    await noteMigrated(ownerUrl, '2.0.0');
    await waiting;
    // The login was not there at first; repeated looks at the same are not repeated lines.
    expect(reasons).toHaveLength(1);
    // A job that runs again, and pods of the version before, find what they look for.
    await noteMigrated(ownerUrl, '2.0.0');
    await awaitMigration({ dbUrl: ownerUrl, keys, version: '1.0.0', log, pauseMs: 20 });
  });
});
