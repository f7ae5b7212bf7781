import { actionClassOf } from '@behavry/domain';
import type { Call, Exchange, Scan } from '@behavry/pipeline';
import type { Endpoint, ModelRequest, ProviderId } from '../dialects/dialect';
import type { OutboundHeaders } from '../dialects/request-headers';
import { standInsFor } from './stand-ins';

const MAX_LISTED_TOOLS = 64;

type Headers = Readonly<Record<string, string>>;

/** Of whom a use of a model is asked, and how. */
export interface Asked {
  readonly provider: ProviderId;
  readonly keySource: Exchange['keySource'];
  /** The agent's own that go on with it. */
  readonly headers: Headers;
}

/** @returns as an exchange and its headers say it */
export function askedOf({ provider, keySource }: Exchange, { headers }: OutboundHeaders): Asked {
  return { provider: provider as ProviderId, keySource, headers };
}

/**
 * A use of a model as a call. What stands beside the body is scanned, shown and bound to an approval with it: a model may
 * be named in the address alone.
 * @param bytes size of the body
 */
export function callOf(
  endpoint: Endpoint,
  { model, body, unscanned = [], encoded = [] }: ModelRequest,
  { provider, keySource, headers }: Asked,
  bytes: number,
): Call {
  return {
    handling: 'decide',
    toolName: endpoint.toolName,
    action: endpoint.toolName,
    actionClass: actionClassOf(endpoint.toolName),
    resource: model,
    targetClass: 'model',
    resourceCount: 1,
    arguments: body,
    parameters: endpoint.outlineOf(body),
    unscanned,
    encoded,
    ...(endpoint.pastResultsIn && { withStandIns: standInsFor(endpoint, body) }),
    beside: { provider, model, endpoint: endpoint.name, key_source: keySource, headers },
    bytes,
  };
}

/** @returns the names of tools for the record; null when there are none, or anything is found in them: only names */
export function listedTools(scan: Scan, names: readonly string[]): readonly string[] | null {
  const tools = names.slice(0, MAX_LISTED_TOOLS);
  return tools.length > 0 && scan.outbound(tools).dlp.length === 0 ? tools : null;
}

/** @returns the headers in what is left of what stands beside a body; undefined when it would ask of another model */
export function headersLeft(beside: unknown, model: string): Headers | undefined {
  const left = beside as { readonly model: string; readonly headers: Headers };
  return left.model === model ? left.headers : undefined;
}
