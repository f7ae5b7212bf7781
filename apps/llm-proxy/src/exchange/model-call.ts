import { actionClassOf } from '@behavry/domain';
import type { Call, Scan } from '@behavry/pipeline';
import type { Endpoint, ModelRequest } from '../dialects/dialect';

const MAX_LISTED_TOOLS = 64;

/**
 * A use of a model as a call.
 * @param headers the agent's own that go on with it
 * @param bytes size of the body
 */
export function callOf(
  endpoint: Endpoint,
  { model, body, unscanned = [] }: ModelRequest,
  headers: Readonly<Record<string, string>>,
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
    beside: Object.keys(headers).length === 0 ? null : headers,
    bytes,
  };
}

/** @returns the names of tools for the record; null when there are none, or anything is found in them: only names */
export function listedTools(scan: Scan, names: readonly string[]): readonly string[] | null {
  const tools = names.slice(0, MAX_LISTED_TOOLS);
  return tools.length > 0 && scan.outbound(tools).dlp.length === 0 ? tools : null;
}
