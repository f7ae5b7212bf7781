import { join } from 'node:path';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PlaneSignalBus, PlaneState, ServiceContext, SigningKeys, writeOpaFiles } from '@behavry/platform';
import { LicenseService } from '../licenses/license.service';
import type { LicenseConfig } from '../license-service.config';
import { BundleKeys } from './bundle-keys';
import { configHealth } from './config-health';
import { ConfigKeeper } from './config-keeper';
import { ConfigPoller } from './config-poller';
import { internalToken, standaloneTenant } from './internal-token';
import { opaConfiguration } from './opa-configuration';
import { pause } from './pause';
import { PlaneHttp } from './plane-http';
import { runForever } from './run-forever';
import { UplinkMetrics } from './uplink-metrics';
import { UplinkStore } from './uplink-store';

const DEPLOYMENT_ID = 'standalone';
const KEY_RETRY_MS = 250;
const LICENSE_MS = 60_000;

/**
 * The config half of the uplink against the system's own bundle-server: no heartbeat, no licence call
 * (lifecycle: standalone).
 */
@Injectable()
export class StandaloneUplink implements OnApplicationBootstrap {
  constructor(
    private readonly context: ServiceContext<LicenseConfig>,
    private readonly database: DataSource,
    private readonly state: PlaneState,
    private readonly signals: PlaneSignalBus,
    private readonly signingKeys: SigningKeys,
    private readonly licenses: LicenseService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { context, database, state } = this;
    const { config, clock, log } = context;
    this.#sayWhatIsIgnored();
    const serviceUrl = config.bundleServerUrl.replace(/\/+$/, '');
    context.health.register('config', () => configHealth(state, 'unused'));
    const tenantId = await standaloneTenant(context, database);
    const folder = join(config.dataDir, 'opa');
    const token = await internalToken(context, database, tenantId, folder);
    const store = new UplinkStore(database, tenantId);
    const keys = BundleKeys.unpinned(clock, log);
    await keys.offer(await this.signingKeys.publicKeys('bundle'));
    const keeper = new ConfigKeeper(
      { tenantId, dataDir: config.dataDir, clock, log, license: () => undefined },
      keys,
      store,
      state,
    );
    await keeper.load();
    const calls = new UplinkMetrics(context.metrics, clock);
    calls.expect(['config']);
    const http = new PlaneHttp(serviceUrl);
    const onAnswer = (status: number): Promise<void> => {
      if (status === 401)
        log.error(
          { event: 'token_refused' },
          'bundle-server refuses the internal token; start license-service again',
        );
      return Promise.resolve();
    };
    const poller = new ConfigPoller(
      { tenantId, token: () => token, onAnswer, log, metrics: calls },
      http,
      keys,
      keeper,
      this.signals,
    );
    const ending = new AbortController();
    const opaFiles = async (signal: AbortSignal): Promise<void> => {
      await this.#findKeys(keys, signal);
      const [key] = keys.all;
      if (!key) return;
      const config = opaConfiguration({ serviceUrl, tenantId, deploymentId: DEPLOYMENT_ID, key, folder });
      writeOpaFiles(folder, { config, token });
    };
    const loops = [
      runForever('opa files', opaFiles, ending.signal, log),
      runForever('config', (signal) => poller.run(signal), ending.signal, log),
      runForever('licence', (signal) => this.#followLicense(tenantId, signal), ending.signal, log),
    ];
    context.onClose('uplink', async () => {
      ending.abort();
      await http.close();
      await Promise.allSettled(loops);
    });
  }

  /** bundle-server makes its key at its own start; both share the plane's database. */
  async #findKeys(keys: BundleKeys, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await keys.offer(await this.signingKeys.publicKeys('bundle'));
      } catch (error) {
        this.context.log.warn({ err: error }, 'the bundle key could not be read yet');
      }
      if (keys.all.length > 0) return;
      await pause(KEY_RETRY_MS, signal);
    }
  }

  async #followLicense(tenantId: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.state.put('license', await this.licenses.status(tenantId));
      } catch (error) {
        this.context.log.warn({ err: error }, 'the licence state could not be published');
      }
      await pause(LICENSE_MS, signal);
    }
  }

  #sayWhatIsIgnored(): void {
    const { controlPlaneUrl, dataPlaneToken, licenseKey, bundlePublicKey } = this.context.config;
    const ignored = Object.entries({
      BEHAVRY_CONTROL_PLANE_URL: controlPlaneUrl,
      BEHAVRY_DATA_PLANE_TOKEN: dataPlaneToken,
      BEHAVRY_LICENSE_KEY: licenseKey,
      BEHAVRY_BUNDLE_PUBLIC_KEY: bundlePublicKey,
    }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    if (ignored.length > 0)
      this.context.log.warn({ ignored }, 'variables of a data plane are ignored in standalone');
  }
}
