import { isObject, type TokenCounts } from '@behavry/contracts';
import { parseStrictJson } from '@behavry/domain';
import type { Frame } from '../../stream/framing';
import type { AnsweredCall, CallPiece, Chunk, ModelAnswer, TextPiece } from '../dialect';
import { membersOf, namesOf } from '../members';
import { countOf, isAbsent, textIn } from '../reading';

type Members = Readonly<Record<string, unknown>>;

// Ollama's own client takes any case for the names of members.
const ROOT = namesOf('done error eval_count message model prompt_eval_count response thinking tool_calls');
const MESSAGE = namesOf('content images role thinking tool_call_id tool_calls tool_name');
const CALL = namesOf('function id type');
const FUNCTION = namesOf('arguments description index name');
const TEXTS_OF_ROOT = ['response', 'thinking'];
const TEXTS_OF_MESSAGE = ['content', 'thinking'];
/** There is one answer, and it is a group. */
const GROUP = 0;

interface ReadAnswer {
  readonly root: Members;
  readonly message: Members | undefined;
  readonly calls: readonly AnsweredCall[];
  readonly isDone: boolean;
  readonly tokens: TokenCounts | undefined;
}

/** Reads the answer of a chat or of a text gone on with, or one line of it. */
function read(value: unknown): ReadAnswer | undefined {
  const root = isObject(value) ? membersOf(value, ROOT)?.members : undefined;
  if (!root || !isAbsent(root['error'])) return undefined;
  const { done, message: said, response } = root;
  if (!isAbsent(done) && typeof done !== 'boolean') return undefined;
  if (!isAbsent(said) && !isObject(said)) return undefined;
  const message = isObject(said) ? membersOf(said, MESSAGE)?.members : undefined;
  if (isObject(said) && !message) return undefined;
  // One that is two kinds of answer would be read as either.
  if (message && !isAbsent(response)) return undefined;
  const isText = TEXTS_OF_ROOT.every((name) => isTextOrNone(root[name]));
  if (!isText || !TEXTS_OF_MESSAGE.every((name) => isTextOrNone(message?.[name]))) return undefined;
  const calls: AnsweredCall[] = [];
  if (!readCalls(root['tool_calls'], calls) || !readCalls(message?.['tool_calls'], calls)) return undefined;
  return { root, message, calls, isDone: done === true, tokens: tokensOf(root) };
}

/** @param value body of an answer that is not streamed; one that says nothing has loaded a model */
export function readAnswer(value: unknown): ModelAnswer | undefined {
  const answer = read(value);
  const isAnswer = answer && (answer.isDone || answer.message !== undefined);
  return isAnswer
    ? { calls: answer.calls, tokens: answer.tokens, model: textIn(answer.root, 'model') }
    : undefined;
}

/** Takes a line of a stream apart. Calls come whole. */
export function readLine({ event, data }: Frame): Chunk | undefined {
  const parsed = parseStrictJson(data);
  const rest = parsed.ok ? parsed.value : undefined;
  const answer = read(rest);
  if (event !== undefined || !isObject(rest) || !answer) return undefined;
  const pieces: TextPiece[] = [];
  take(rest, TEXTS_OF_ROOT, [], pieces);
  if (isObject(rest['message'])) take(rest['message'], TEXTS_OF_MESSAGE, ['message'], pieces);
  const calls = answer.calls.map(({ name, arguments: args }): CallPiece => {
    // What is no object comes to the judge as no arguments.
    return { group: GROUP, index: undefined, form: 'json', name, arguments: JSON.stringify(args ?? null) };
  });
  const { isDone, tokens } = answer;
  const model = textIn(rest, 'model');
  return { rest, pieces, calls, finished: [], tokens, model, isTokensOnly: false, isEnd: isDone };
}

function take(
  holder: Record<string, unknown>,
  names: readonly string[],
  at: readonly string[],
  pieces: TextPiece[],
): void {
  for (const name of names) {
    const text = holder[name];
    if (typeof text !== 'string' || text === '') continue;
    const path = [...at, name];
    pieces.push({ channel: `/${path.join('/')}`, group: GROUP, text, path });
    holder[name] = '';
  }
}

function readCalls(listed: unknown, calls: AnsweredCall[]): boolean {
  if (isAbsent(listed)) return true;
  if (!Array.isArray(listed)) return false;
  for (const item of listed as unknown[]) {
    const call = known(item, CALL);
    const called = call && known(call['function'], FUNCTION);
    if (!called || (!isAbsent(call['type']) && call['type'] !== 'function')) return false;
    const { name, arguments: args } = called;
    if (typeof name !== 'string') return false;
    calls.push({ name, arguments: isAbsent(args) ? {} : isObject(args) ? args : undefined });
  }
  return true;
}

/** @returns undefined also when there are members that nobody knows: they could be another call to some reader */
function known(value: unknown, names: ReturnType<typeof namesOf>): Members | undefined {
  const read = isObject(value) ? membersOf(value, names) : undefined;
  return read && !read.hasOthers ? read.members : undefined;
}

function isTextOrNone(value: unknown): boolean {
  return isAbsent(value) || typeof value === 'string';
}

/** @param body an answer, or the line that ends its stream */
export function tokensOf(body: Members): TokenCounts | undefined {
  const { prompt_eval_count: asked, eval_count: answered } = body;
  if (isAbsent(asked) && isAbsent(answered)) return undefined;
  const [prompt, completion] = [countOf(asked), countOf(answered)];
  return { prompt, completion, total: prompt + completion };
}

/** Takes out what repeats the text token by token: its probabilities, and what the next request would go on with. */
export function dropTokens(value: unknown): boolean {
  if (!isObject(value)) return false;
  const found = ['context', 'logprobs'].filter((name) => Object.hasOwn(value, name));
  for (const name of found) Reflect.deleteProperty(value, name);
  return found.length > 0;
}
