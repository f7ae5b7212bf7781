import type { BlastRadiusSettings } from '@behavry/contracts';
import { refuse, type Exchange, type JobOrder, type Refusal } from '@behavry/pipeline';
import { estimateOf, type Estimate } from '../budgets/estimate';
import type { Endpoint, ModelRequest } from '../dialects/dialect';
import type { EarlierDigests } from '../kept/earlier';
import type { LargeRequest } from '../large/model-jobs';
import type { LlmParts } from '../llm-proxy.parts';
import { breaksSeal, SEALED } from '../stream/sealed';
import type { Outgoing } from '../upstream/provider-upstream';
import type { ModelInput } from './model-adapter';
import { askedOf, headersLeft } from './model-call';

/** A request as it goes on: read here, or in a thread that gave back what is to be sent. */
export type ModelReading =
  | { readonly kind: 'small'; readonly request: ModelRequest }
  | {
      readonly kind: 'large';
      readonly request: LargeRequest;
      readonly bytes: Uint8Array;
      /** The same without asking for the tokens of a stream. */
      readonly plain: Uint8Array;
      readonly estimate: Estimate;
      /** What it was a turn ago, as far as that was asked. */
      readonly earlier: EarlierDigests;
    };

const UNCHANGEABLE = refuse(
  'obligation_unkept',
  'something would have to be taken out of the address, which cannot be changed',
);

/**
 * @param asksForUsage whether the tokens of a stream are asked for where the agent did not
 * @returns the request as it came, or what policy left of it; to be asked for once each
 */
export async function outgoingOf(
  { large }: Pick<LlmParts, 'large'>,
  { endpoint, place, outbound }: ModelInput,
  exchange: Exchange,
  reading: ModelReading,
  asksForUsage: boolean,
): Promise<Outgoing | Refusal> {
  const { arguments: body, beside, isChanged } = exchange.outbound;
  const redacts = isChanged && exchange.hasObligation('redact_outbound');
  // What is said in an address is said already.
  if (isChanged && endpoint.method === 'GET') return UNCHANGEABLE;
  if (reading.kind === 'small') {
    const { scan } = exchange.config ?? {};
    // Stand-ins change nothing that is signed.
    if (redacts && scan && breaksSeal(scan, 'outbound', endpoint, reading.request.body)) return SEALED;
    const request = asksForUsage ? reading.request : { ...reading.request, hidesTokens: false };
    const headers = isChanged ? headersLeft(beside, request.model) : outbound.headers;
    return headers
      ? { body: endpoint.outboundBody(request, isChanged ? body : undefined), headers }
      : UNCHANGEABLE;
  }
  const bytes = asksForUsage ? reading.bytes : reading.plain;
  // What a thread gave back has its stand-ins already.
  if (!redacts) return { body: bytes, headers: outbound.headers };
  const { order } = orderOf(exchange, bytes.length, 'outbound');
  const result = await large.run(
    'redact',
    { place, bytes, asked: askedOf(exchange, outbound), asksForUsage },
    order,
  );
  if (!result.ok) return result.refusal;
  const { value } = result;
  return value.ok ? { body: value.bytes, headers: value.headers } : value.isSealed ? SEALED : UNCHANGEABLE;
}

/** @returns what a request may use */
export function estimateIn(endpoint: Endpoint, reading: ModelReading): Estimate {
  return reading.kind === 'large' ? reading.estimate : estimateOf(endpoint, reading.request.body);
}

/** What a thread must know of an exchange to read a body of it. */
export function orderOf(
  { identity, config, span }: Exchange,
  size: number,
  direction: JobOrder['direction'],
): { readonly order: JobOrder; readonly blast: BlastRadiusSettings } {
  if (!identity || !config) throw new Error('a body was read before its agent was known');
  const order = { agentId: identity.agentId, scan: config.scan, size, direction, span };
  return { order, blast: config.document.blast_radius };
}
