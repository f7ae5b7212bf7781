// The types of events of a streamed response, as of SDK 7.57; others are not understood.

/** An event that writes on a text, or tells it again. */
export interface Write {
  /** Its member with the text, or with an object of texts. */
  readonly from: string;
  /** Where in its item the text stands; what begins with a colon is an index that the event names. */
  readonly place: string;
  /** Its group, where that is no item of the output. */
  readonly group?: number;
  /** Whether it writes the arguments of a call that may be the agent's, and how; or a part of them. */
  readonly call?: 'json' | 'text' | 'part';
  /** Whether it tells the whole of what the deltas told. */
  readonly isWhole?: boolean;
  /** Whether the text belongs to what OpenAI signs. */
  readonly isSealed?: boolean;
}

const AUDIO = -1;
const TRANSCRIPT = -2;
const COMMAND = 'action/commands/:command_index';

export const WRITES: ReadonlyMap<string, Write> = new Map<string, Write>([
  ['response.content_part.added', { from: 'part', place: 'content/:content_index' }],
  ['response.output_text.delta', { from: 'delta', place: 'content/:content_index/text' }],
  ['response.refusal.delta', { from: 'delta', place: 'content/:content_index/refusal' }],
  ['response.reasoning_text.delta', { from: 'delta', place: 'content/:content_index/text', isSealed: true }],
  ['response.reasoning_summary_part.added', { from: 'part', place: 'summary/:summary_index' }],
  [
    'response.reasoning_summary_text.delta',
    { from: 'delta', place: 'summary/:summary_index/text', isSealed: true },
  ],
  ['response.code_interpreter_call_code.delta', { from: 'delta', place: 'code' }],
  ['response.mcp_call_arguments.delta', { from: 'delta', place: 'arguments' }],
  ['response.shell_call_output_content.delta', { from: 'delta', place: 'output/:command_index' }],
  ['response.audio.delta', { from: 'delta', place: 'audio', group: AUDIO }],
  ['response.audio.transcript.delta', { from: 'delta', place: 'transcript', group: TRANSCRIPT }],
  ['response.function_call_arguments.delta', { from: 'delta', place: 'arguments', call: 'json' }],
  [
    'response.function_call_arguments.done',
    { from: 'arguments', place: 'arguments', call: 'json', isWhole: true },
  ],
  ['response.custom_tool_call_input.delta', { from: 'delta', place: 'input', call: 'text' }],
  ['response.custom_tool_call_input.done', { from: 'input', place: 'input', call: 'text', isWhole: true }],
  ['response.shell_call_command.added', { from: 'command', place: COMMAND, call: 'part' }],
  ['response.shell_call_command.delta', { from: 'delta', place: COMMAND, call: 'part' }],
  ['response.shell_call_command.done', { from: 'command', place: COMMAND, call: 'part', isWhole: true }],
  // The SDK has no types for these two, nor for `keepalive`; OpenAI sends them.
  [
    'response.apply_patch_call_operation_diff.delta',
    { from: 'delta', place: 'operation/diff', call: 'part' },
  ],
  [
    'response.apply_patch_call_operation_diff.done',
    { from: 'diff', place: 'operation/diff', call: 'part', isWhole: true },
  ],
]);

/** Events that end the texts of a group that is no item. */
export const FINISHES: ReadonlyMap<string, readonly number[]> = new Map([
  ['response.audio.done', [AUDIO]],
  ['response.audio.transcript.done', [TRANSCRIPT]],
]);

/** Events that carry no call, and no text but whole ones. */
export const OTHERS: ReadonlySet<string> = new Set([
  ...FINISHES.keys(),
  'keepalive',
  'response.code_interpreter_call.completed',
  'response.code_interpreter_call.in_progress',
  'response.code_interpreter_call.interpreting',
  'response.code_interpreter_call_code.done',
  'response.compaction.compacting',
  'response.content_part.done',
  'response.file_search_call.completed',
  'response.file_search_call.in_progress',
  'response.file_search_call.searching',
  'response.image_generation_call.completed',
  'response.image_generation_call.generating',
  'response.image_generation_call.in_progress',
  'response.image_generation_call.partial_image',
  'response.mcp_call.completed',
  'response.mcp_call.failed',
  'response.mcp_call.in_progress',
  'response.mcp_call_arguments.done',
  'response.mcp_list_tools.completed',
  'response.mcp_list_tools.failed',
  'response.mcp_list_tools.in_progress',
  'response.output_text.annotation.added',
  'response.output_text.done',
  'response.reasoning_summary_part.done',
  'response.reasoning_summary_text.done',
  'response.reasoning_text.done',
  'response.refusal.done',
  'response.shell_call_output_content.done',
  'response.web_search_call.completed',
  'response.web_search_call.in_progress',
  'response.web_search_call.searching',
]);
