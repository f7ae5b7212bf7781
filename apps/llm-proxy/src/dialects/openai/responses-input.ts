import { isObject } from '@behavry/contracts';
import type { Unscanned } from '../dialect';
import { textInDataUrl } from '../encoded-text';
import { isAbsent } from '../reading';
import type { References } from '../references';
import { readTools, type Asked } from './responses-tools';

/** Items that tell what was said and done before. */
const HISTORY = new Set<unknown>(
  (
    'file_search_call computer_call web_search_call function_call tool_search_call configuration_update ' +
    'compaction local_shell_call local_shell_call_output shell_call_output apply_patch_call apply_patch_call_output ' +
    'mcp_list_tools mcp_approval_request mcp_call custom_tool_call compaction_trigger program program_output'
  ).split(' '),
);

/**
 * Reads the items that a model is given. Some of them bring tools or name what the provider keeps, so one of an unknown
 * type might too.
 * @returns false for what is no input
 */
export function readInput(input: unknown, asked: Asked): boolean {
  if (isAbsent(input) || typeof input === 'string') return true;
  return (
    Array.isArray(input) && (input as unknown[]).every((item) => isObject(item) && readItem(item, asked))
  );
}

function readItem(item: Readonly<Record<string, unknown>>, asked: Asked): boolean {
  const { references } = asked;
  // Messages and references come without a type too.
  const type = item['type'] ?? (isAbsent(item['role']) ? 'item_reference' : 'message');
  switch (type) {
    case 'message':
      return readParts(item['content'], references);
    case 'function_call_output':
    case 'custom_tool_call_output':
    case 'computer_call_output':
      return readParts(item['output'], references);
    case 'reasoning':
      // Without what was thought it stands for what the provider keeps of it.
      return !isAbsent(item['encrypted_content']) || references.addAny('item', item['id']);
    case 'item_reference':
      return references.add('item', item['id']);
    case 'additional_tools':
    case 'tool_search_output':
      return readTools(item['tools'], asked);
    case 'mcp_approval_response':
      return references.add('item', item['approval_request_id']);
    case 'code_interpreter_call':
      return references.addAny('container', item['container_id']);
    case 'image_generation_call':
      // One without its image stands for the image that the provider keeps.
      if (isAbsent(item['result'])) return references.add('item', item['id']);
      references.addUnscanned('image');
      return true;
    case 'shell_call': {
      const { environment } = item;
      if (isAbsent(environment)) return true;
      return isObject(environment) && references.addAny('container', environment['container_id']);
    }
    default:
      return HISTORY.has(type);
  }
}

/** @returns false for what is neither a text nor made of parts */
export function readParts(content: unknown, references: References): boolean {
  if (isAbsent(content) || typeof content === 'string') return true;
  const parts = Array.isArray(content) ? (content as unknown[]) : [content];
  return parts.every((part) => isObject(part) && readPart(part, references));
}

const MEDIA: ReadonlyMap<unknown, Unscanned> = new Map([
  ['input_image', 'image'],
  ['computer_screenshot', 'image'],
  ['input_file', 'file'],
  ['input_audio', 'audio'],
]);
/** Members in which a part is written, or in which it is said where it lies. */
const WRITTEN = ['image_url', 'file_data', 'file_url'];
const BESIDE = ['type', 'detail', 'filename', 'file_id'];

function readPart(part: Readonly<Record<string, unknown>>, references: References): boolean {
  const kind = MEDIA.get(part['type']);
  if (kind) {
    const member = WRITTEN.find((name) => !isAbsent(part[name]));
    if (member !== undefined) references.addWritten(kind, part, member, BESIDE, textInDataUrl);
    else if (isAbsent(part['file_id'])) references.addUnscanned(kind);
  }
  return references.addAny('file', part['file_id']);
}
