import { join } from 'node:path';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { LicenseState } from '@behavry/contracts';
import { PlaneSignalBus, PlaneState, ServiceContext, writeOpaFiles } from '@behavry/platform';
import { dataPlaneSettings, type LicenseConfig } from '../license-service.config';
import { BundleKeys } from './bundle-keys';
import { configHealth } from './config-health';
import { ConfigKeeper } from './config-keeper';
import { ConfigPoller } from './config-poller';
import { FiguresSource } from './figures';
import { HeartbeatLoop } from './heartbeat-loop';
import { LicenseWatch } from './license-watch';
import { opaConfiguration } from './opa-configuration';
import { PlaneHttp } from './plane-http';
import { runForever } from './run-forever';
import { TokenWatch } from './token-watch';
import { UplinkMetrics } from './uplink-metrics';
import { UplinkStore } from './uplink-store';

/**
 * A data plane's side of everything that crosses to its control plane: licence check, config document,
 * heartbeat (OPA polls its bundle by itself). What is on disk comes first; every remote call is optional.
 */
@Injectable()
export class DataPlaneUplink implements OnApplicationBootstrap {
  #token: TokenWatch | undefined;
  #license: LicenseWatch | undefined;

  constructor(
    private readonly context: ServiceContext<LicenseConfig>,
    private readonly database: DataSource,
    private readonly state: PlaneState,
    private readonly signals: PlaneSignalBus,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { context, database, state } = this;
    const { config, clock, log, metrics } = context;
    const settings = dataPlaneSettings(config);
    const { tenantId, deploymentId, controlPlaneUrl, dataPlaneToken } = settings;
    const store = new UplinkStore(database, tenantId);
    const keys = await BundleKeys.load(store, config.bundlePublicKey, clock, log);
    const http = new PlaneHttp(controlPlaneUrl, config);
    const figures = new FiguresSource(context, database, tenantId);
    const calls = new UplinkMetrics(metrics, clock);
    calls.expect();
    const token = new TokenWatch(store, clock, log, metrics);
    await token.load();
    const keeper: ConfigKeeper = new ConfigKeeper(
      { tenantId, dataDir: config.dataDir, clock, log, license: () => this.#license?.license },
      keys,
      store,
      state,
    );
    const agentCount = (): number =>
      keeper.document?.agents.filter(({ status }) => status === 'active').length ?? 0;
    const license = new LicenseWatch(
      context,
      settings,
      http,
      store,
      state,
      keys,
      token,
      calls,
      agentCount,
      () => keeper.refresh(),
    );
    this.#token = token;
    this.#license = license;
    await license.load();
    await keeper.load();
    context.health.register('config', () => configHealth(state, token.state));

    const poller = new ConfigPoller(
      { tenantId, token: () => dataPlaneToken, onAnswer: (status) => token.see(status), log, metrics: calls },
      http,
      keys,
      keeper,
      this.signals,
    );
    const heartbeat = new HeartbeatLoop(context, settings, http, figures, keys, token, calls, () => ({
      configRevision: keeper.document?.revision,
      licenseState: license.license.state,
    }));
    const ending = new AbortController();
    const folder = join(config.dataDir, 'opa');
    const opaFiles = async (signal: AbortSignal): Promise<void> => {
      await keys.ready(signal);
      const [key] = keys.all;
      if (!key) return;
      const caFile = config.controlPlaneCaFile;
      const opaConfig = opaConfiguration({
        serviceUrl: controlPlaneUrl,
        ...(caFile === undefined ? {} : { caFile }),
        tenantId,
        deploymentId,
        key,
        folder,
      });
      writeOpaFiles(folder, { config: opaConfig, token: dataPlaneToken });
    };
    const loops = [
      runForever('opa files', opaFiles, ending.signal, log),
      runForever('licence', (signal) => license.run(signal), ending.signal, log),
      runForever('config', (signal) => poller.run(signal), ending.signal, log),
      runForever('heartbeat', (signal) => heartbeat.run(signal), ending.signal, log),
    ];
    context.onClose('uplink', async () => {
      ending.abort();
      await http.close();
      await Promise.allSettled(loops);
    });
  }

  /** The licence at this moment. */
  get license(): LicenseState | undefined {
    return this.#license?.license;
  }

  /** What is known of the one token of this plane. */
  get token(): Pick<TokenWatch, 'state' | 'acceptedAt'> | undefined {
    return this.#token;
  }

  /** Repeats the licence check now. @returns the licence after it */
  async checkNow(): Promise<LicenseState | undefined> {
    await this.#license?.check();
    return this.license;
  }
}
