import { isObject } from '@behavry/contracts';
import type { RequestResult } from '../dialect';
import { isAbsent, isPlainName, malformed, MAX_HOSTED_TOOLS, readBody } from '../reading';
import { References } from '../references';
import { readInput, readParts } from './responses-input';
import { readTools, type Asked } from './responses-tools';

/** Members of a body, as of SDK 7.57. */
export const RESPONSES_MEMBERS = new Set(
  (
    'model input access_programs background context_management conversation image include instructions ' +
    'max_output_tokens max_tool_calls metadata moderation parallel_tool_calls previous_response_id prompt ' +
    'prompt_cache_key prompt_cache_options prompt_cache_retention reasoning safety_identifier service_tier store stream ' +
    'stream_options temperature text tool_choice tools top_logprobs top_p truncation user'
  ).split(' '),
);

/** Reads a body of `POST /responses`, as that of a chat is read. */
export function readResponsesRequest(bytes: Uint8Array, maxBytes: number): RequestResult {
  const read = readBody(bytes, maxBytes);
  if (!read.ok) return read;
  const { body, text } = read;
  const { model, stream, stream_options: streamOptions, background } = body;
  // A prompt that the provider keeps may name one, but then nobody here knows which.
  if (!isPlainName(model)) return malformed("'model' must be the name of a model");
  if (!isAbsent(background) && background !== false)
    return malformed(
      "'background' must be false: an answer that is fetched later would be decided by nobody",
    );
  if (!isAbsent(stream) && typeof stream !== 'boolean') return malformed("'stream' must be true or false");
  if (!isAbsent(streamOptions) && !isObject(streamOptions))
    return malformed("'stream_options' must be an object");
  const asked: Asked = { names: [], hosted: [], references: new References() };
  const { names: toolNames, hosted: hostedTools, references } = asked;
  const unread = MEMBERS.find(({ name, read: readMember }) => !readMember(body[name], asked));
  if (unread) return malformed(`'${unread.name}' must be ${unread.meaning}`);
  if (hostedTools.length > MAX_HOSTED_TOOLS)
    return malformed("'tools' has too many that the provider would run");
  if (references.isCrowded) return malformed('the body names too many things that the provider keeps');
  const request = { bytes, text, body, model, isStream: stream === true, hidesTokens: false };
  return { ok: true, request: { ...request, toolNames, hostedTools, ...references.found } };
}

interface Member {
  readonly name: string;
  readonly meaning: string;
  /** @returns false for what it may not be */
  readonly read: (value: unknown, asked: Asked) => boolean;
}

/** Those that bring tools or name what the provider keeps. */
const MEMBERS: readonly Member[] = [
  {
    name: 'input',
    meaning: 'a text, or a list of items of types that are known here',
    read: readInput,
  },
  { name: 'tools', meaning: 'a list of tools', read: readTools },
  {
    name: 'previous_response_id',
    meaning: 'the id of a response',
    read: (id, { references }) => references.addAny('response', id),
  },
  {
    name: 'conversation',
    meaning: 'the id of a conversation',
    read: (value, { references }) =>
      isObject(value)
        ? references.add('conversation', value['id'])
        : references.addAny('conversation', value),
  },
  { name: 'prompt', meaning: 'a prompt with an id', read: readPrompt },
  {
    name: 'prompt_cache_options',
    meaning: 'an object',
    read: (value, { references }) =>
      isAbsent(value) || (isObject(value) && references.addAny('response', value['comparison_response_id'])),
  },
];

function readPrompt(prompt: unknown, { references }: Asked): boolean {
  if (isAbsent(prompt)) return true;
  if (!isObject(prompt) || !references.add('prompt', prompt['id'])) return false;
  const { variables } = prompt;
  if (isAbsent(variables)) return true;
  return isObject(variables) && Object.values(variables).every((value) => readParts(value, references));
}
