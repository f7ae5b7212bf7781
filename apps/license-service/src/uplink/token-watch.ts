import { Gauge, type Registry } from 'prom-client';
import type { TokenState } from '@behavry/db-data';
import type { Clock, Logger } from '@behavry/platform';
import type { UplinkStore } from './uplink-store';

const WRITE_EVERY_MS = 60_000;

/** Whether the control plane still accepts the token of this plane: told to people, and an alarm when not. */
export class TokenWatch {
  readonly #refused: Gauge;
  #state: TokenState = 'unused';
  #acceptedAt: number | undefined;
  #writtenAt = 0;

  constructor(
    private readonly store: UplinkStore,
    private readonly clock: Clock,
    private readonly log: Logger,
    metrics: Registry,
  ) {
    this.#refused = new Gauge({
      name: 'behavry_license_token_refused',
      help: '1 while the control plane refuses the token of this plane.',
      registers: [metrics],
    });
  }

  get state(): TokenState {
    return this.#state;
  }

  /** Milliseconds since the Unix epoch. */
  get acceptedAt(): number | undefined {
    return this.#acceptedAt;
  }

  async load(): Promise<void> {
    const { tokenState, tokenAcceptedAt } = await this.store.read();
    this.#state = tokenState;
    this.#acceptedAt = tokenAcceptedAt?.getTime();
  }

  /** @param status of any answer to a request that carried the token */
  async see(status: number): Promise<void> {
    if (status === 401) await this.#change('refused');
    else if (status < 400 || status === 404 || status === 409) await this.#change('accepted');
  }

  async #change(state: TokenState): Promise<void> {
    const now = this.clock.now();
    const isNew = state !== this.#state;
    this.#state = state;
    this.#refused.set(state === 'refused' ? 1 : 0);
    if (state === 'accepted') this.#acceptedAt = now;
    if (isNew && state === 'refused') {
      this.log.error(
        { event: 'token_refused' },
        'the control plane refuses the token of this plane; it goes on with the policy it has',
      );
    } else if (isNew)
      this.log.info({ event: 'token_accepted' }, 'the control plane accepts the token of this plane');
    if (!isNew && now - this.#writtenAt < WRITE_EVERY_MS) return;
    this.#writtenAt = now;
    await this.store.write({
      tokenState: state,
      ...(this.#acceptedAt === undefined ? {} : { tokenAcceptedAt: new Date(this.#acceptedAt) }),
    });
  }
}
