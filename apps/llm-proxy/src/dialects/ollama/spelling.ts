import { isObject } from '@behavry/contracts';
import { membersOf, namesOf } from '../members';

/** Members on which anything turns here, wherever they stand. */
const NAMES = namesOf(
  'content file file_data file_id function functions image_url images input_audio messages model name role thinking ' +
    'tool_call_id tool_calls tool_name tools type url',
);
/** What stands in them is the agent's own. */
const OWN = new Set([
  'arguments',
  'format',
  'logit_bias',
  'metadata',
  'parameters',
  'response_format',
  'schema',
]);

/** Whether no member of a body is one that is known in another spelling: its server would take it for that. */
export function isSpelled(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isSpelled);
  if (!isObject(value)) return true;
  if (!membersOf(value, NAMES)) return false;
  return Object.entries(value).every(([name, inner]) => OWN.has(name) || isSpelled(inner));
}
