import { MODEL_SETTINGS_DEFAULTS, type ModelProvider } from '@behavry/contracts';
import { FakeProvider } from './fake-provider';
import { LlmPlane } from './llm-plane';

export const KEYS = { first: 'sk-of-the-first-host', second: 'sk-of-the-second-host' };

/** An exchange as the agent and the record saw it. */
export interface Asked {
  readonly status: number;
  readonly text: string;
  readonly extra: Record<string, unknown>;
}

/** @returns the body of an error of a provider */
export function errorBody(message: string): string {
  return JSON.stringify({ error: { message, type: 'x', code: null } });
}

/** A plane between an agent and two providers out of the tenant's settings, each with a key of its own. */
export class ProviderPlane {
  #turn = 0;

  private constructor(
    readonly plane: LlmPlane,
    readonly first: FakeProvider,
    readonly second: FakeProvider,
    /** It is there, but the plane does not allow it. */
    readonly forbidden: FakeProvider,
    /** Allowed, and nobody listens there any more. */
    readonly gone: string,
  ) {}

  static async start(): Promise<ProviderPlane> {
    const first = await FakeProvider.start();
    const second = await FakeProvider.start();
    const forbidden = await FakeProvider.start();
    const ended = await FakeProvider.start();
    const gone = ended.url;
    await ended.stop();
    const plane = await LlmPlane.start({
      timeoutSeconds: 1,
      allowedProviders: [first.url, second.url, gone].map((url) => new URL(url).host),
    });
    Object.assign(process.env, {
      BEHAVRY_SECRET_FIRST: KEYS.first,
      BEHAVRY_SECRET_FIRST_HOSTS: first.url,
      BEHAVRY_SECRET_SECOND: KEYS.second,
      BEHAVRY_SECRET_SECOND_HOSTS: `${second.url},https://elsewhere.test`,
    });
    return new ProviderPlane(plane, first, second, forbidden, gone);
  }

  /** Forgets what the providers were asked. */
  forget(): void {
    for (const { seen } of [this.first, this.second, this.forbidden, this.plane.provider]) seen.length = 0;
  }

  async stop(): Promise<void> {
    await this.plane.stop();
    await Promise.all([this.first, this.second, this.forbidden].map((provider) => provider.stop()));
    for (const name of Object.keys(process.env))
      if (/^BEHAVRY_SECRET_(?:FIRST|SECOND)/.test(name)) Reflect.deleteProperty(process.env, name);
  }

  at({ url }: FakeProvider, id: string, changes: Partial<ModelProvider> = {}): ModelProvider {
    return {
      id,
      kind: 'openai',
      base_url: `${url}/openai/v1/`,
      auth_header: null,
      key: null,
      weight: 50,
      usage_in_stream: true,
      ...changes,
    };
  }

  toFirst(changes: Partial<ModelProvider> = {}): ModelProvider {
    return this.at(this.first, 'first', { key: 'env:BEHAVRY_SECRET_FIRST', ...changes });
  }

  toSecond(changes: Partial<ModelProvider> = {}): ModelProvider {
    return this.at(this.second, 'second', { key: 'env:BEHAVRY_SECRET_SECOND', ...changes });
  }

  /** @returns both, at new addresses: nothing is known of them from the test before */
  fresh(): readonly [ModelProvider, ModelProvider] {
    const path = `/t${String((this.#turn += 1))}`;
    return [
      this.toFirst({ base_url: this.first.url + path }),
      this.toSecond({ base_url: this.second.url + path }),
    ];
  }

  settle(...providers: readonly ModelProvider[]): Promise<void> {
    return this.plane.configure({ model_settings: { ...MODEL_SETTINGS_DEFAULTS, providers } });
  }

  async ask(model: string, headers: Record<string, string> = {}, more: object = {}): Promise<Asked> {
    const response = await this.plane.post(JSON.stringify(this.plane.ask(model, more)), headers);
    const text = await response.text();
    const record = await this.plane.record(response.headers.get('x-behavry-decision'));
    return { status: response.status, text, extra: record['extra'] as Asked['extra'] };
  }

  /** Asks until chance has brought the first address on: what is known of it then came of this call alone. */
  async askFirstFirst(model: string): Promise<Asked> {
    for (;;) {
      const asked = await this.ask(model);
      if (this.first.seen.length > 0) return asked;
    }
  }
}
