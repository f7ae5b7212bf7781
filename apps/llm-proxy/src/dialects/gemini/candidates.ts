import { isObject } from '@behavry/contracts';
import type { ToldTokens } from '../dialect';
import { membersOf, namesOf } from '../members';
import { countOf, isAbsent, textIn, withCached } from '../reading';

type Members = Readonly<Record<string, unknown>>;

/** A part of a candidate: its members under one form of their names, and as it stands there. */
export interface ReadPart {
  readonly members: Members;
  readonly holder: Record<string, unknown>;
  readonly isThought: boolean;
  readonly isSealed: boolean;
}

export interface ReadCandidate {
  readonly index: number;
  readonly isFinished: boolean;
  readonly parts: readonly ReadPart[];
}

/** The members of an answer or a chunk of it on which anything turns. */
export interface ReadContent {
  readonly candidates: readonly ReadCandidate[];
  /** Whether the prompt was refused: there is nothing to come. */
  readonly isBlocked: boolean;
  readonly tokens: ToldTokens | undefined;
  readonly model: string | undefined;
}

/** A call, whose arguments are undefined when they are no object. */
export interface ReadCall {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>> | undefined;
}

const ROOT = namesOf('candidates error modelVersion promptFeedback usageMetadata');
const FEEDBACK = namesOf('blockReason');
const CANDIDATE = namesOf('content finishReason index');
const CONTENT = namesOf('parts role');
/** What a part can be: one of these. */
const KINDS =
  'audioTranscription codeExecutionResult executableCode fileData functionCall functionResponse inlineData text ' +
  'toolCall toolResponse';
const PART = namesOf(
  `${KINDS} mediaProcessing mediaResolution partMetadata speechMetadata thought thoughtSignature videoMetadata`,
);
const KIND_NAMES = KINDS.split(' ');
const CALL = namesOf('args id name partialArgs willContinue');
const USAGE = namesOf(
  'cachedContentTokenCount candidatesTokenCount promptTokenCount thoughtsTokenCount toolUsePromptTokenCount totalTokenCount',
);
/** Not a reason: what stands where there is none. */
const NO_REASON = 'FINISH_REASON_UNSPECIFIED';

/** Reads an answer, or a chunk of it. @returns undefined for what is none, or could be read as another one */
export function readContent(value: unknown): ReadContent | undefined {
  const root = known(value, ROOT);
  if (!root || !isAbsent(root['error'])) return undefined;
  const { candidates: listed, promptFeedback, usageMetadata } = root;
  const feedback = isAbsent(promptFeedback) ? {} : known(promptFeedback, FEEDBACK);
  const usage = isAbsent(usageMetadata) ? undefined : known(usageMetadata, USAGE);
  if (!feedback || (usage === undefined && !isAbsent(usageMetadata))) return undefined;
  if (!isAbsent(listed) && !Array.isArray(listed)) return undefined;
  const candidates: ReadCandidate[] = [];
  for (const item of (listed ?? []) as unknown[]) {
    const candidate = readCandidate(item);
    if (!candidate || candidates.some(({ index }) => index === candidate.index)) return undefined;
    candidates.push(candidate);
  }
  const isBlocked = typeof feedback['blockReason'] === 'string';
  if (isAbsent(listed) && !isBlocked && !usage) return undefined;
  const model = textIn(root, 'modelVersion');
  return { candidates, isBlocked, tokens: usage && tokensOf(usage), model };
}

function readCandidate(item: unknown): ReadCandidate | undefined {
  const candidate = known(item, CANDIDATE);
  if (!candidate) return undefined;
  const { content, index = 0, finishReason } = candidate;
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) return undefined;
  if (!isAbsent(finishReason) && typeof finishReason !== 'string') return undefined;
  const held = isAbsent(content) ? {} : known(content, CONTENT);
  const listed = held?.['parts'] ?? [];
  if (!held || !Array.isArray(listed)) return undefined;
  const parts: ReadPart[] = [];
  for (const holder of listed as unknown[]) {
    const part = readPart(holder);
    if (!part) return undefined;
    parts.push(part);
  }
  const isFinished = !isAbsent(finishReason) && finishReason !== '' && finishReason !== NO_REASON;
  return { index, isFinished, parts };
}

/** Whether a part of a request or an answer is signed, or belongs to thoughts that are. */
export function isSigned(part: Members): boolean {
  return !isAbsent(part['thoughtSignature'] ?? part['thought_signature']) || part['thought'] === true;
}

// A part says by its member what it is: one that is two things, or what nobody knows, could be a call to some reader.
function readPart(holder: unknown): ReadPart | undefined {
  if (!isObject(holder)) return undefined;
  const read = membersOf(holder, PART, 'snake');
  if (!read || read.hasOthers) return undefined;
  const { members } = read;
  if (KIND_NAMES.filter((kind) => !isAbsent(members[kind])).length > 1) return undefined;
  const { text, thought } = members;
  if (!isAbsent(text) && typeof text !== 'string') return undefined;
  return { members, holder, isThought: thought === true, isSealed: isSigned(holder) };
}

/**
 * Reads the call of a part.
 * @returns undefined where it is none that is understood, above all one whose arguments come in pieces: how they are put
 * together, by paths into an object, is said nowhere exactly enough to be judged
 */
export function readCall(called: unknown): ReadCall | undefined {
  if (!isObject(called)) return undefined;
  const read = membersOf(called, CALL, 'snake');
  if (!read || read.hasOthers) return undefined;
  const { name, args, partialArgs, willContinue } = read.members;
  if (typeof name !== 'string' || !isAbsent(partialArgs)) return undefined;
  if (!isAbsent(willContinue) && willContinue !== false) return undefined;
  return { name, args: isAbsent(args) ? {} : isObject(args) ? args : undefined };
}

function tokensOf(usage: Members): ToldTokens {
  const prompt = countOf(usage['promptTokenCount']) + countOf(usage['toolUsePromptTokenCount']);
  const completion = countOf(usage['candidatesTokenCount']) + countOf(usage['thoughtsTokenCount']);
  const total = countOf(usage['totalTokenCount']) || prompt + completion;
  return withCached({ prompt, completion, total }, usage['cachedContentTokenCount']);
}

function known(value: unknown, names: ReturnType<typeof namesOf>): Members | undefined {
  return isObject(value) ? membersOf(value, names, 'snake')?.members : undefined;
}
