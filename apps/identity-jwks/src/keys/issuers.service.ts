import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { PublicJwk, TrustedIssuer } from '@behavry/contracts';
import {
  AGENT_AUDIENCE,
  controlPlaneAgent,
  PERSON_AUDIENCE,
  PlaneSignalBus,
  PlaneState,
  ServiceContext,
} from '@behavry/platform';
import { dataPlaneIdentity, type IdentityConfig } from '../identity-jwks.config';
import { ControlKeys } from './control-keys';
import { OwnKey } from './own-key';

const CONNECT_MS = 5_000;

/** Tells the plane whose tokens to trust: its own, and on a data plane the control plane's agents too. */
@Injectable()
export class IssuersService implements OnModuleInit {
  #publishing: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: ServiceContext<IdentityConfig>,
    private readonly state: PlaneState,
    private readonly signals: PlaneSignalBus,
    private readonly key: OwnKey,
  ) {}

  async onModuleInit(): Promise<void> {
    const { context } = this;
    if (context.mode !== 'data-plane') {
      await this.#publish([]);
      return;
    }
    const control = new ControlKeys({
      controlPlaneUrl: dataPlaneIdentity(context.config).controlPlaneUrl,
      http: controlPlaneAgent(context.config, { connectMs: CONNECT_MS, connections: 1 }),
      publicKeyPem: context.config.jwtPublicKey,
      dataDir: context.config.dataDir,
      told: this.#toldKeys(),
      clock: context.clock,
      log: context.log,
    });
    context.onClose('control plane keys', () => control.close());
    await this.#publish(control.keys);
    control.start((keys) => {
      this.#publishing = this.#publishing
        .then(() => this.#publish(keys))
        .catch((error: unknown) => {
          context.log.warn({ err: error }, 'the new key set could not be published yet');
        });
    });
    this.signals.on('issuers.wanted', () => void control.wanted());
  }

  /** What the plane was told before, by another replica or a process before this one. */
  #toldKeys(): readonly PublicJwk[] {
    const told = this.state.get('issuers')?.value.issuers ?? [];
    return told.find(({ iss }) => iss === this.context.config.jwtIssuer)?.keys ?? [];
  }

  async #publish(controlKeys: readonly PublicJwk[]): Promise<void> {
    const { issuer, publicJwk } = this.key;
    const issuers: TrustedIssuer[] = [
      { iss: issuer, keys: [publicJwk], audiences: [AGENT_AUDIENCE, PERSON_AUDIENCE] },
    ];
    if (controlKeys.length > 0) {
      issuers.push({ iss: this.context.config.jwtIssuer, keys: controlKeys, audiences: [AGENT_AUDIENCE] });
    }
    await this.state.put('issuers', { issuers });
  }
}
