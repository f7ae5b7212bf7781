import type { EventSourceMessage } from 'eventsource-parser';

/** Keeps a connection alive without saying anything. */
export const EMPTY_COMMENT = ':\n\n';

/**
 * Writes one event (WHATWG HTML, server-sent events).
 * @param message its lines are those of the event that was read
 */
export function encodeEvent({ event, id, data }: EventSourceMessage): string {
  let text = '';
  if (event !== undefined) text += `event: ${event}\n`;
  if (id !== undefined) text += `id: ${id}\n`;
  for (const line of data.split('\n')) text += `data: ${line}\n`;
  return `${text}\n`;
}
