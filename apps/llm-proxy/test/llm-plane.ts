import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigDocument, SpoolEntry } from '@behavry/contracts';
import {
  agentEntry,
  eventually,
  opaBundleConfig,
  startTestProxy,
  writePolicyBundle,
  type TestProxy,
} from '@behavry/testing';
import OpenAI from 'openai';
import { LLM_PROXY } from '../src/llm-proxy.definition';
import type { LlmProxyConfig } from '../src/llm-proxy.config';
import { FakeProvider } from './fake-provider';

export const AGENT = '019a0000-0000-7000-8000-0000000000a1';
export const PLANE_KEY = 'sk-plane-key-of-this-test';
/** Of the agent's own text; no record may hold it. */
export const CANARY = 'canary-text-that-no-record-may-hold';

type ChatParams = OpenAI.ChatCompletionCreateParamsNonStreaming;

/** An llm-proxy with everything real around it but its provider, and one agent's ways to use it. */
export class LlmPlane {
  private constructor(
    readonly proxy: TestProxy,
    readonly provider: FakeProvider,
  ) {}

  static async start(settings: Partial<LlmProxyConfig> = {}): Promise<LlmPlane> {
    const provider = await FakeProvider.start();
    const policy = readFileSync(join(__dirname, 'policy', 'models.rego'), 'utf8');
    const proxy = await startTestProxy({
      definition: LLM_PROXY,
      policies: { config: opaBundleConfig(writePolicyBundle({ 'base/models.rego': policy })) },
      settings: {
        openAiBaseUrl: `${provider.url}/v1`,
        openAiKey: PLANE_KEY,
        anthropicBaseUrl: provider.url,
        anthropicKey: PLANE_KEY,
        geminiBaseUrl: provider.url,
        geminiKey: PLANE_KEY,
        ollamaBaseUrl: provider.url,
        ollamaKey: PLANE_KEY,
        escalationHoldSeconds: 0,
        ...settings,
      },
      document: { agents: [agentEntry(AGENT)] },
    });
    return new LlmPlane(proxy, provider);
  }

  get entries(): readonly SpoolEntry[] {
    return this.proxy.entries;
  }

  token(claims: Readonly<Record<string, unknown>> = {}): string {
    return this.proxy.issuer.agentToken(AGENT, claims);
  }

  /** The official client, with the token where its users put the key. */
  client(apiKey = this.token()): OpenAI {
    return new OpenAI({ apiKey, baseURL: `${this.proxy.url}/api/v1/openai/v1`, maxRetries: 0 });
  }

  ask(model: string, more: object = {}): ChatParams {
    return { model, messages: [{ role: 'user', content: CANARY }], ...more };
  }

  post(
    body: string,
    headers: Record<string, string> = {},
    path = 'openai/v1/chat/completions',
    signal?: AbortSignal,
  ): Promise<Response> {
    return fetch(`${this.proxy.url}/api/v1/${path}`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${this.token()}`, 'content-type': 'application/json', ...headers },
      ...(signal && { signal }),
    });
  }

  /** A streamed answer as the official client reads it. */
  async streamed(model: string, more: object = {}): Promise<Streamed> {
    const { data, response } = await this.client()
      .chat.completions.create({ ...this.ask(model, more), stream: true })
      .withResponse();
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of data) chunks.push(chunk);
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    return { text, chunks, id: response.headers.get('x-behavry-decision') };
  }

  /** A streamed answer as it comes over the wire, broken off or not. */
  async raw(
    model: string,
  ): Promise<{ readonly text: string; readonly isBroken: boolean; readonly id: string | null }> {
    const response = await this.post(JSON.stringify({ ...this.ask(model), stream: true }));
    const id = response.headers.get('x-behavry-decision');
    let text = '';
    try {
      for await (const bytes of response.body ?? [])
        text += Buffer.from(bytes as Uint8Array).toString('utf8');
    } catch {
      return { text, isBroken: true, id };
    }
    return { text, isBroken: false, id };
  }

  configure(changes: Partial<ConfigDocument>): Promise<void> {
    return this.proxy.configure(changes);
  }

  /** All that was recorded of an exchange, once it is over: its entry, or both of them together. */
  async record(id: string | null): Promise<Record<string, unknown>> {
    const own = await eventually(() => {
      const found = this.entries.filter((entry) => entry.id === id);
      if (!found.some(({ type }) => type !== 'decision'))
        throw new Error(`exchange ${String(id)} is not over`);
      return found;
    });
    const whole = own.find(({ type }) => type === 'whole');
    if (whole) return { ...whole };
    const decision = own.find(({ type }) => type === 'decision');
    const outcome = own.find(({ type }) => type === 'outcome');
    return {
      ...decision,
      ...outcome,
      dlp_findings: [...(decision?.dlp_findings ?? []), ...(outcome?.dlp_findings ?? [])],
      dlp_action: outcome?.dlp_action === 'none' ? decision?.dlp_action : outcome?.dlp_action,
      extra: { ...decision?.extra, ...outcome?.extra },
    };
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.provider.stop();
  }
}

export interface Streamed {
  readonly text: string;
  readonly chunks: readonly OpenAI.ChatCompletionChunk[];
  /** Of the decision behind it. */
  readonly id: string | null;
}

/** @returns the error that the official client throws */
export async function failure(work: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  try {
    await work;
  } catch (error) {
    if (error instanceof OpenAI.APIError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** @returns the decision behind an error */
export function decisionOf({ headers }: InstanceType<typeof OpenAI.APIError>): string | null {
  return headers?.get('x-behavry-decision') ?? null;
}
