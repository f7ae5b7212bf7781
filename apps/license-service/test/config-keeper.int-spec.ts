import { generateKeyPairSync } from 'node:crypto';
import { DataSource } from 'typeorm';
import { ManualClock, publicJwkOf } from '@behavry/platform';
import { startTestPostgres, tempDir, type TestPostgres } from '@behavry/testing';
import { BundleKeys } from '../src/uplink/bundle-keys';
import { ConfigKeeper } from '../src/uplink/config-keeper';
import { UplinkStore } from '../src/uplink/uplink-store';
import { configDocument, signed } from './control-edge';
import { LICENSE_KEY, startLicense, TENANT, type RunningLicense } from './running-license';

const clock = new ManualClock(Date.UTC(2026, 2, 17));
let postgres: TestPostgres;
let plane: RunningLicense;

beforeAll(async () => {
  postgres = await startTestPostgres();
  plane = await startLicense(await postgres.createDatabase(), tempDir(), clock, {
    mode: 'data-plane',
    tenantId: TENANT,
    deploymentId: 'dp-test-01',
    controlPlaneUrl: 'http://127.0.0.1:9',
    dataPlaneToken: 'dp_nobody_knows_it',
    licenseKey: LICENSE_KEY,
  });
}, 120_000);

afterAll(async () => {
  await plane.stop();
  await postgres.stop();
});

it('never hands an old document on after a new one, when both go on at once', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { log } = plane.context;
  const keys = BundleKeys.unpinned(clock, log);
  await keys.offer([publicJwkOf(publicKey, 'behavry-bundle')]);
  const keeper = new ConfigKeeper(
    { tenantId: TENANT, dataDir: tempDir(), clock, log, license: () => undefined },
    keys,
    new UplinkStore(plane.app.get(DataSource), TENANT),
    plane.state,
  );
  await keeper.take(signed(configDocument(1), privateKey));
  for (const generation of [2, 3, 4, 5, 6]) {
    // A licence that changes hands the document on again, at the moment in which a newer one arrives.
    await Promise.all([keeper.take(signed(configDocument(generation), privateKey)), keeper.refresh()]);
    expect(plane.state.get('config')?.value.generation).toBe(generation);
  }
});
