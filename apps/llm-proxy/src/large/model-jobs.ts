import type { BlastRadiusSettings, ReasonCode } from '@behavry/contracts';
import { parseStrictJson } from '@behavry/domain';
import { examine, factsOf, type Call, type Examined, type Judges, type ScanFacts } from '@behavry/pipeline';
import { estimateOf, type Estimate } from '../budgets/estimate';
import type { ModelAnswer, ModelRequest, Place } from '../dialects/dialect';
import { endpointAt } from '../dialects/providers';
import { MAX_DEPTH, readRequest, type ReadingRules } from '../dialects/reading';
import { callOf, headersLeft, listedTools, type Asked } from '../exchange/model-call';
import { earlierOf, NO_EARLIER, type EarlierDigests } from '../kept/earlier';
import { hideModels, type ModelSight } from '../exchange/model-sight';
import { breaksSeal } from '../stream/sealed';

type Headers = Readonly<Record<string, string>>;

/** A request that was read before. */
export interface RedactInput {
  readonly place: Place;
  readonly bytes: Uint8Array;
  readonly asked: Asked;
  /** Whether the tokens of a stream are asked for where the agent did not. */
  readonly asksForUsage: boolean;
}

export interface ReadInput extends Omit<RedactInput, 'asksForUsage'> {
  /** Whether some address of the provider is not to be asked for the tokens of a stream. */
  readonly needsPlain: boolean;
  readonly rules: ReadingRules;
  /** Whether it is to be told what the request was a turn ago. */
  readonly wantsEarlier: boolean;
  readonly blast: BlastRadiusSettings;
}

export interface AnswerInput {
  readonly place: Place;
  readonly bytes: Uint8Array;
  readonly redacts: boolean;
  /** Of a list of models. */
  readonly sight: ModelSight | undefined;
}

/** What the event loop keeps of a large request. */
export type LargeRequest = Pick<
  ModelRequest,
  'model' | 'isStream' | 'hidesTokens' | 'toolNames' | 'hostedTools' | 'references'
>;

export type LargeRead =
  | {
      readonly ok: true;
      /** As it goes on when nothing is taken out. */
      readonly bytes: Uint8Array;
      /** The same without asking for the tokens of a stream; only where that is needed, and differs. */
      readonly plain?: Uint8Array;
      readonly request: LargeRequest;
      /** What it may use. */
      readonly estimate: Estimate;
      /** Names of the agent's own tools, for the record; null when they cannot stand there. */
      readonly tools: readonly string[] | null;
      readonly call: Call;
      readonly examined: Examined;
      readonly earlier: EarlierDigests;
    }
  | { readonly ok: false; readonly reasonCode: ReasonCode; readonly message: string };

/** Not ok: a signed part would have to be changed, or the name of the model. */
export type LargeRedacted =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly headers: Headers }
  | { readonly ok: false; readonly isSealed: boolean };

export type LargeAnswer =
  | {
      readonly ok: true;
      /** As it came, or what a scan left of it. */
      readonly bytes: Uint8Array;
      /** Undefined for what is no answer of the endpoint. */
      readonly answer: ModelAnswer | undefined;
      readonly scanned: ScanFacts;
    }
  /** Whether a signed part would have to be changed; else it cannot be read. */
  | { readonly ok: false; readonly isSealed: boolean };

/** More than this of what the provider would run is judged for nobody: each is decided on the event loop. */
const MAX_HOSTED_CHARACTERS = 64 * 1024;

/** What is done with large bodies in threads: all that the event loop does with small ones. */
export const MODEL_JOBS = {
  read(
    { place, bytes, asked, rules, blast, needsPlain, wantsEarlier }: ReadInput,
    judges: Judges,
  ): LargeRead {
    const endpoint = endpointAt(place);
    const size = bytes.length;
    const read = readRequest(endpoint, bytes, rules);
    if (!read.ok) return read;
    const { model, isStream, hidesTokens, toolNames, hostedTools, references = [] } = read.request;
    if (JSON.stringify(hostedTools).length > MAX_HOSTED_CHARACTERS) {
      return {
        ok: false,
        reasonCode: 'input_too_large',
        message: 'the settings of tools that the provider would run are too large to be judged',
      };
    }
    const { call, examined, left } = examine(callOf(endpoint, read.request, asked, size), blast, judges);
    const outgoing = (request: ModelRequest): Uint8Array =>
      encoded(endpoint.outboundBody(request, left?.arguments));
    return {
      ok: true,
      request: { model, isStream, hidesTokens, toolNames, hostedTools, references },
      estimate: estimateOf(endpoint, read.request.body),
      tools: listedTools(judges.scan, toolNames),
      call,
      examined,
      earlier: wantsEarlier ? earlierOf(endpoint, read.request, asked, judges.digest) : NO_EARLIER,
      bytes: outgoing(read.request),
      ...(needsPlain && hidesTokens && { plain: outgoing({ ...read.request, hidesTokens: false }) }),
    };
  },

  redact({ place, bytes, asked, asksForUsage }: RedactInput, { scan, agentId }: Judges): LargeRedacted {
    const endpoint = endpointAt(place);
    const read = endpoint.readRequest(bytes, Infinity);
    if (!read.ok) throw new Error('a request was read otherwise before');
    const request = asksForUsage ? read.request : { ...read.request, hidesTokens: false };
    if (breaksSeal(scan, 'outbound', endpoint, request.body)) return { ok: false, isSealed: true };
    const body = scan.outbound(request.body, { redacts: true, agentId }).redacted();
    const { beside } = callOf(endpoint, request, asked, bytes.length);
    const headers = headersLeft(scan.outbound(beside, { redacts: true }).redacted(), request.model);
    if (!headers) return { ok: false, isSealed: false };
    return { ok: true, bytes: encoded(endpoint.outboundBody(request, body)), headers };
  },

  answer({ place, bytes, redacts, sight }: AnswerInput, { scan }: Judges): LargeAnswer {
    const endpoint = endpointAt(place);
    const parsed = parseStrictJson(bytes, { maxBytes: Infinity, maxDepth: MAX_DEPTH });
    if (!parsed.ok) return { ok: false, isSealed: false };
    if (redacts && breaksSeal(scan, 'inbound', endpoint, parsed.value)) return { ok: false, isSealed: true };
    const answer = endpoint.readAnswer(parsed.value);
    const isHidden = hideModels(endpoint, parsed.value, sight);
    const scanned = scan.inbound(parsed.value, { redacts });
    const facts = factsOf(scanned);
    const seen = isHidden ? encoded(JSON.stringify(parsed.value)) : bytes;
    if (scanned.verdict !== 'redact') return { ok: true, bytes: seen, answer, scanned: facts };
    const left = scanned.redacted();
    endpoint.dropEchoes(left);
    return { ok: true, bytes: encoded(JSON.stringify(left)), answer, scanned: facts };
  },
};

export type ModelJobs = typeof MODEL_JOBS;

function encoded(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? new TextEncoder().encode(body) : body;
}
