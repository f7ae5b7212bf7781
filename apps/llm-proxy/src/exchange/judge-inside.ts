import { Exchange, judgeCall, refuse, toolCall, type Call, type Refusal } from '@behavry/pipeline';
import type { Proxy } from '@behavry/proxy';
import type { HostedTool, Reference } from '../dialects/dialect';

/** What was refused inside an exchange, with the decision that has a row of its own; undefined: it goes on. */
export type Judged = { readonly refusal: Refusal; readonly decisionId: string } | undefined;

/** Each of them is decided. */
const MAX_STRANGE = 32;

/** Decides what the provider would run on its own side, before anything is sent. */
export async function judgeHosted(
  proxy: Proxy,
  exchange: Exchange,
  tools: readonly HostedTool[],
): Promise<Judged> {
  for (const { type, settings } of tools) {
    const refused = await judgeAtProvider(proxy, exchange, toolCall(`hosted:${type}`, settings));
    if (refused) return refused;
  }
  return undefined;
}

/** Decides the use of what lies at the provider and nobody here sees. @param references those that the agent was not given */
export async function judgeReferences(
  proxy: Proxy,
  exchange: Exchange,
  references: readonly Reference[],
): Promise<Judged> {
  if (references.length > MAX_STRANGE) return { refusal: TOO_STRANGE, decisionId: exchange.id };
  for (const reference of references) {
    const call = { ...toolCall('hosted:reference', { ...reference }), resource: reference.id };
    const refused = await judgeAtProvider(proxy, exchange, call);
    if (refused) return refused;
  }
  return undefined;
}

function judgeAtProvider(proxy: Proxy, exchange: Exchange, call: Call): Promise<Judged> {
  const { provider, model, keySource } = exchange;
  // An approval of it is one for this model, and for whose key pays.
  const beside = { provider, model, key_source: keySource };
  return judgeInside(proxy, exchange, { ...call, action: 'hosted', beside }, provider);
}

/**
 * Decides and records one call inside an exchange.
 * @param provider who would run it; empty when that is the agent
 */
export async function judgeInside(
  { guard, makeId }: Proxy,
  exchange: Exchange,
  call: Call,
  provider = '',
): Promise<Judged> {
  const inner = new Exchange({
    id: makeId(),
    kind: 'llm',
    startedAt: guard.now(),
    token: undefined,
    serverId: '',
    provider,
    model: exchange.model,
    parent: exchange,
  });
  inner.keySource = exchange.keySource;
  const refusal = await judgeCall(guard, inner, call);
  return refusal && { refusal, decisionId: inner.id };
}

const TOO_STRANGE = refuse(
  'request_malformed',
  'the request names more things at the provider that this agent was not given than can be decided',
);
