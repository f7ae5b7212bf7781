import type { Endpoint } from '../dialects/dialect';

/**
 * @param bytes of a whole stream, as its provider sent it
 * @returns the text that goes before its first call of the agent's, piece by piece: what has left when that call waits
 */
export function saidBefore(endpoint: Endpoint, bytes: Uint8Array): string {
  const { framing, turns } = endpoint;
  const reader = framing.open();
  const frames = [...(reader.push(new TextDecoder().decode(bytes)) ?? []), ...(reader.end() ?? [])];
  const foreign = new Set<number>();
  let said = '';
  for (const frame of frames) {
    const { calls = [], pieces = [] } = endpoint.readChunk(frame) ?? {};
    for (const { group, form } of calls) if (form === 'foreign') foreign.add(group);
    if (calls.some(({ group }) => !foreign.has(group))) break;
    for (const piece of pieces) if (turns?.isSaid(piece) === true) said += piece.text;
  }
  return said;
}
