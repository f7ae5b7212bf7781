import { isObject } from '@behavry/contracts';
import { argumentsOf, isAbsent, namespaced } from '../reading';

/** Items that ask nothing of the agent: what was said, and calls that the provider ran itself with what came of them. */
const TOLD = new Set<unknown>(
  (
    'message reasoning web_search_call file_search_call code_interpreter_call image_generation_call mcp_call ' +
    'mcp_list_tools mcp_approval_response tool_search_output additional_tools compaction program program_output ' +
    'function_call_output custom_tool_call_output computer_call_output local_shell_call_output shell_call_output ' +
    'apply_patch_call_output'
  ).split(' '),
);

type Item = Readonly<Record<string, unknown>>;

/** A call that an item of an answer asks the agent to make. */
export interface ItemCall {
  readonly name: string;
  readonly form: 'json' | 'text';
  /** As the item has them: written out as a text, or as an object. */
  readonly arguments: string | Item;
}

/**
 * @param isBegun whether the item is still being written
 * @returns the call in it, or none; undefined for an item that is not understood
 */
export function callsIn(item: unknown, isBegun = false): readonly ItemCall[] | undefined {
  if (!isObject(item)) return undefined;
  if (TOLD.has(item['type'])) return [];
  const call = callOf(item, isBegun);
  return call && (call === 'run' ? [] : [call]);
}

function callOf(item: Item, isBegun: boolean): ItemCall | 'run' | undefined {
  switch (item['type']) {
    case 'function_call':
      return writtenCall(item, 'arguments', 'json');
    case 'custom_tool_call':
      return writtenCall(item, 'input', 'text');
    case 'local_shell_call':
      return givenCall('local_shell', item['action'], isBegun);
    case 'shell_call':
      return shellCall(item, isBegun);
    case 'apply_patch_call':
      return givenCall('apply_patch', item['operation'], isBegun);
    case 'computer_call':
      return computerCall(item, isBegun);
    case 'mcp_approval_request':
      return approval(item);
    case 'tool_search_call':
      return item['execution'] === 'server' ? 'run' : givenCall('tool_search', item['arguments'], isBegun);
    default:
      return undefined;
  }
}

function writtenCall(item: Item, member: 'arguments' | 'input', form: 'json' | 'text'): ItemCall | undefined {
  const { [member]: text, namespace } = item;
  const name = namespaced(namespace, item['name']);
  return name !== undefined && typeof text === 'string' ? { name, form, arguments: text } : undefined;
}

/** A call of a tool that OpenAI defines; while it is being written it may have no arguments yet. */
function givenCall(name: string, given: unknown, isBegun: boolean): ItemCall | undefined {
  const args = isBegun && isAbsent(given) ? {} : given;
  return isObject(args) ? { name, form: 'json', arguments: args } : undefined;
}

function shellCall({ action, environment }: Item, isBegun: boolean): ItemCall | undefined {
  const call = givenCall('shell', action, isBegun);
  if (isAbsent(environment)) return call;
  const type = isObject(environment) ? environment['type'] : undefined;
  // What an answer says of it is no proof that the provider has run it in a container.
  return type === 'container_reference' || type === 'local' ? call : undefined;
}

function computerCall({ action, actions }: Item, isBegun: boolean): ItemCall | undefined {
  if (!isAbsent(action) && !isObject(action)) return undefined;
  if (!isAbsent(actions) && !Array.isArray(actions)) return undefined;
  const args = { ...(isAbsent(action) ? {} : { action }), ...(isAbsent(actions) ? {} : { actions }) };
  const isGiven = isBegun || Object.keys(args).length > 0;
  return isGiven ? { name: 'computer', form: 'json', arguments: args } : undefined;
}

/** The agent is asked to say yes to a call that the provider would then run. */
function approval({ server_label: server, name, arguments: text }: Item): ItemCall | undefined {
  if (typeof server !== 'string' || typeof name !== 'string' || typeof text !== 'string') return undefined;
  const asked = argumentsOf(text);
  // A text that is no object stays one, so that nobody can judge the call.
  return {
    name: 'mcp_approval',
    form: 'json',
    arguments: asked ? { server_label: server, name, arguments: asked } : text,
  };
}
