import type { ReasonCode, TokenCounts } from '@behavry/contracts';
import type { EncodedText } from '@behavry/pipeline';
import type { Frame, Framing } from '../stream/framing';
import type { PastResult } from './past-results';
import type { RequestFault } from './reading';
import type { Turns } from './turns';

/** The providers whose prefixes this app serves, each under `/api/v1/<id>`. */
export type ProviderId = 'openai' | 'anthropic' | 'gemini' | 'ollama';

/** What a refusal or failure says, before it is put into a dialect. */
export interface ErrorFacts {
  readonly status: number;
  readonly reasonCode: ReasonCode;
  /** For the agent: a sentence without payload. */
  readonly message: string;
  readonly requestId: string;
}

/** What is known of every provider: enough to know its callers and to refuse in its own words. */
export interface Provider {
  readonly id: ProviderId;
  /** Header in which the provider's own SDK puts its key, besides `Authorization`: there the agent's token comes. */
  readonly tokenHeader: string | undefined;
  /** Member of the query in which its users put the key too: the token may come there, and never goes on. */
  readonly tokenParameter?: string;
  /**
   * An error in the provider's own envelope, so that its SDK raises the class its users know. The reason code stands
   * where the dialect has a text field for it.
   * @param path what was asked for: a provider that answers as another there is read by that one's SDK
   */
  envelope(facts: ErrorFacts, path: string): object;
  /** Headers that the provider's errors carry. */
  errorHeaders(facts: ErrorFacts): Readonly<Record<string, string>>;
}

/** A provider that this proxy can speak to. The rest of the app knows it only by this. */
export interface Dialect extends Provider {
  /** Header by which a request brings a key of its own for the provider. */
  readonly keyHeader: string;
  /** Headers of a request that may go on: always, and only beside a key of the request's own. */
  readonly passedOn: { readonly always: readonly string[]; readonly besideOwnKey: readonly string[] };
  /** Headers of an answer that are for the agent. */
  readonly answerHeaders: RegExp;
  /** @returns the headers by which the provider knows a key */
  authorize(key: string): Readonly<Record<string, string>>;
  /** Whether an answer says that a key is not known, under a status that could mean anything; 401 and 403 always do. */
  isKeyFault?(status: number, bytes: Buffer): boolean;
  /** @returns undefined for everything that is not understood, which is refused */
  endpointOf(target: Target): Endpoint | undefined;
}

/** What a request is addressed to, behind its provider's prefix: plain data, which a thread can be told too. */
export interface Target {
  readonly method: string;
  /** Without query, for example `/v1/chat/completions`. */
  readonly path: string;
  /** Behind the question mark; empty when there is none. */
  readonly query: string;
}

/** A target of one provider. */
export interface Place extends Target {
  readonly provider: ProviderId;
}

/**
 * One kind of exchange with a provider: how its requests, answers and streams are read. Where a target names a model or
 * a mode, its endpoint is made for it.
 */
export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** Method and path as the record names them: a constant. */
  readonly name: string;
  /** Name and verb under which policies, kill switches and audit rows know it. */
  readonly toolName: 'chat' | 'embed' | 'complete' | 'list';
  /** Whether a use of it costs nothing: it writes nothing, and its provider counts it as none. A `list` never costs. */
  readonly isFree?: boolean;
  /** @returns the most tokens that the answer to a body may have; left out where nothing is written */
  readonly answerTokens?: ((body: unknown) => number) | undefined;
  /** Where a list of models has them, of an endpoint that answers with one. */
  readonly list?: ModelList | undefined;
  /** Path under the provider's base URL, with the query that goes on. */
  readonly path: string;
  readonly framing: Framing;
  /**
   * Whether a stream ends with an event of its own. Without one it is complete when its connection closes after
   * everything that it began was finished.
   */
  readonly hasEndMark: boolean;
  /** Members that a body may have at the top; undefined where there is no body. */
  readonly known?: ReadonlySet<string> | undefined;
  /** @param bytes the body as it came; none where the method has none */
  readRequest(bytes: Uint8Array, maxBytes: number): RequestResult;
  /** @returns the body in the form that policy sees: the whole of it with each text replaced by its length */
  outlineOf(body: unknown): unknown;
  /**
   * @param body what goes up instead of `request.body`; undefined when it goes up unchanged
   * @returns what to send, changed only as far as needed
   */
  outboundBody(request: ModelRequest, body: unknown): string | Uint8Array;
  /** @returns undefined for what is no answer of this endpoint, and so cannot be decided */
  readAnswer(value: unknown): ModelAnswer | undefined;
  /** @returns the frame taken apart, or undefined for what is none of this endpoint's */
  readChunk(frame: Frame): Chunk | undefined;
  /**
   * Takes out of an answer or chunk, in place, what repeats its texts in another form; called where texts are redacted.
   * @returns whether there was anything
   */
  dropEchoes(value: unknown): boolean;
  /**
   * @param value a request's body or a whole answer
   * @returns its parts that the provider has signed: they are told as they are or not at all; left out where it signs none
   */
  sealedIn?(value: unknown): readonly unknown[];
  /** Of a conversation; left out where answers carry no calls. */
  readonly turns?: Turns;
  /**
   * @param body of a request
   * @returns what tools have brought back before its newest message, but for what is signed: a stand-in may take the place
   *   of each; left out where requests tell no such things
   */
  pastResultsIn?(body: unknown): readonly PastResult[];
  /**
   * @param hasBegun whether anything of the stream is out
   * @returns the text that makes the provider's SDKs throw in the middle of a stream
   */
  errorEvent(facts: ErrorFacts, hasBegun: boolean): string;
}

/** How an answer lists models. */
export interface ModelList {
  /** Member with the list. */
  readonly member: string;
  /** Members of an item that name its model. */
  readonly names: readonly string[];
  /** What may stand before a name. */
  readonly prefix?: string;
}

/** The part of a request that this proxy acts on; the rest passes as it came. */
export interface ModelRequest {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** A plain name; empty where an endpoint is about none. */
  readonly model: string;
  readonly isStream: boolean;
  /** Whether the token counts of a stream are asked for by us, and not for the agent. */
  readonly hidesTokens: boolean;
  /** Names of the tools that the agent itself runs. */
  readonly toolNames: readonly string[];
  /** Tools that the provider would run on its own side. */
  readonly hostedTools: readonly HostedTool[];
  /** What the request names that the provider keeps, each once; undefined where an endpoint knows of none. */
  readonly references?: readonly Reference[];
  /** Kinds of parts that nobody here can read; undefined where an endpoint has none. */
  readonly unscanned?: readonly Unscanned[];
  /** Texts that stand in the body in another form. */
  readonly encoded?: readonly EncodedText[];
}

/** What a request may be made of besides texts. */
export type Unscanned = 'image' | 'audio' | 'file';

/** Something that lies at the provider: the request uses it without bringing it, so nobody here sees what is in it. */
export interface Reference {
  /** A constant, in the provider's own word: `response`, `conversation`, `prompt`, `item`, `file`, `container` … */
  readonly kind: string;
  readonly id: string;
}

export interface HostedTool {
  /** A plain name. */
  readonly type: string;
  readonly settings: unknown;
}

export type RequestResult = { readonly ok: true; readonly request: ModelRequest } | RequestFault;

/** A tool call that a model asks its agent to make. */
export interface AnsweredCall {
  readonly name: string;
  /** Undefined when they are not an object in strict JSON: such a call cannot be judged. */
  readonly arguments: Readonly<Record<string, unknown>> | undefined;
}

/** Tokens as a provider counts them. */
export interface ToldTokens extends TokenCounts {
  /** Of the prompt, those that the provider had kept, and gives for less; absent where it tells of none. */
  readonly cached?: number;
}

/** A whole answer, as far as it is acted on. */
export interface ModelAnswer {
  readonly calls: readonly AnsweredCall[];
  readonly tokens: ToldTokens | undefined;
  /** The model that has answered, as the provider names it. */
  readonly model?: string | undefined;
  /** What the provider keeps of it, under names by which later requests may use it. */
  readonly given?: readonly Reference[];
}

/** A piece of a text that a stream writes over many chunks. */
export interface TextPiece {
  /** Names the text: equal for all pieces of one text. A JSON pointer, which findings show. */
  readonly channel: string;
  /** The text is over when this group is finished. */
  readonly group: number;
  readonly text: string;
  /** Whether the provider signs the text: it is told as it is or not at all. */
  readonly isSealed?: boolean | undefined;
  /** Where it stood in {@link Chunk.rest}: member names and list places from the top. */
  readonly path: readonly (string | number)[];
}

/** A piece of a tool call; its name comes once, its arguments may come over many chunks. */
export interface CallPiece {
  /** Calls of one group are decided together, when it is finished. */
  readonly group: number;
  /** Place of the call in its group; undefined for a call that comes whole in this piece. */
  readonly index: number | undefined;
  /** How the arguments are written; `foreign`: the provider ran it itself. Undefined when the piece does not say. */
  readonly form: 'json' | 'text' | 'foreign' | undefined;
  /** Empty when the piece carries none. */
  readonly name: string;
  readonly arguments: string;
  /** By which clients may tell calls apart too, where pieces carry it: one call has one. */
  readonly id?: string | undefined;
  /**
   * Whether it tells all of the call, or of the part: what was told before must be the same, and nothing goes on. Only
   * such a piece may come when its group is finished.
   */
  readonly isWhole?: boolean | undefined;
  /** Where in the arguments the text stands that it goes on with, of a call that is told whole later. */
  readonly at?: readonly (string | number)[] | undefined;
}

/** One chunk of a stream, taken apart. */
export interface Chunk {
  /** The chunk with every piece of running text replaced by an empty one: what can be scanned by itself. Null: no JSON. */
  readonly rest: Record<string, unknown> | null;
  readonly pieces: readonly TextPiece[];
  readonly calls: readonly CallPiece[];
  /** Whether it may only be the first of its stream, and has to be. */
  readonly isStart?: boolean;
  /** A group that begins with it, of a dialect that says so: they count up from 0, each once. */
  readonly begins?: number | undefined;
  /** A group that must have begun, and not be finished. */
  readonly within?: number | undefined;
  /** Groups that are finished with this chunk: no text and no call of theirs goes on. */
  readonly finished: readonly number[];
  readonly tokens: ToldTokens | undefined;
  /** As of {@link ModelAnswer.model}. */
  readonly model?: string | undefined;
  /** As of {@link ModelAnswer.given}. */
  readonly given?: readonly Reference[];
  /** Whether the chunk carries nothing but the token counts of the stream. */
  readonly isTokensOnly: boolean;
  /** Whether the stream is complete with it. */
  readonly isEnd: boolean;
}
