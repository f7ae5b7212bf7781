import type { ModelProvider } from '@behavry/contracts';
import type { ProviderId } from '../dialects/dialect';

/** An address to which calls of a kind may go. */
export interface Candidate {
  /** As the record names it: the tenant's id of it, or `plane`. */
  readonly id: string;
  readonly base: URL;
  readonly key: CandidateKey;
  /** Header that the key goes in, lower case; null: the one of the kind. */
  readonly authHeader: string | null;
  readonly weight: number;
  /** Whether it tells the tokens of a stream when it is asked to. */
  readonly tellsUsage: boolean;
}

/** A reference is looked up for each call; `plane` is the key of the plane's own variable. */
export type CandidateKey =
  | { readonly kind: 'none' }
  | { readonly kind: 'plane'; readonly value: string }
  | { readonly kind: 'reference'; readonly text: string };

/** What the plane's own variables say of a kind. */
export interface OwnAccount {
  readonly kind: ProviderId;
  readonly baseUrl: string;
  readonly key: string | undefined;
}

/** A provider that cannot be used, and why. */
export interface Fault {
  readonly id: string;
  readonly reason: string;
}

/** What a configuration comes to for a kind. */
export interface Candidates {
  /** In the order of the document. */
  readonly usable: readonly Candidate[];
  readonly faults: readonly Fault[];
}

/** The id in records of what the plane's own variables name. */
export const PLANE = 'plane';
const MAX_CANDIDATES = 32;
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
/** Headers of the connection and of the message: the proxy sets them itself. */
const OWN_HEADER =
  /^(?:host|connection|keep-alive|te|trailer|upgrade|expect|cookie|user-agent|traceparent|(?:content|transfer|accept|proxy)(?:-.*)?)$/;

/**
 * The tenant's providers of the kind that have a share of its calls; without any, the one of the plane's own variables.
 * Nothing that the tenant says falls back to the latter: a provider that cannot be used is left out.
 */
export function candidatesOf(providers: readonly ModelProvider[], own: OwnAccount): Candidates {
  const named = providers
    .filter(({ kind, weight }) => kind === own.kind && weight > 0)
    .slice(0, MAX_CANDIDATES);
  if (named.length === 0) return { usable: [ownCandidate(own)], faults: [] };
  const read = named.map((provider) => candidateOf(provider, own));
  return {
    usable: read.filter((one) => 'base' in one),
    faults: read.filter((one) => 'reason' in one),
  };
}

/**
 * The order in which a call tries them: by chance and weight which is first, the others by weight; behind them those
 * that failed lately, soonest over first.
 * @param restsUntil in which one may be asked again; 0 for one that did not fail
 * @param pick a whole number below its argument, by chance
 */
export function inOrder(
  candidates: readonly Candidate[],
  restsUntil: (candidate: Candidate) => number,
  pick: (below: number) => number,
): readonly Candidate[] {
  if (candidates.length < 2) return candidates;
  const known = candidates.map((candidate) => ({ candidate, until: restsUntil(candidate) }));
  const resting = known.filter(({ until }) => until > 0).sort((a, b) => a.until - b.until);
  const ready = known
    .filter(({ until }) => until === 0)
    .map(({ candidate }) => candidate)
    .sort((a, b) => b.weight - a.weight);
  const first = drawn(ready, pick);
  return [
    ...(first ? [first] : []),
    ...ready.filter((one) => one !== first),
    ...resting.map(({ candidate }) => candidate),
  ];
}

/**
 * Where an agent's own key goes: it is for one account, so to one address and no other after it. That is where the
 * plane's own variable leads if it is among them, else the document's first, never one by chance.
 */
export function forOwnKey(candidates: readonly Candidate[], own: OwnAccount): readonly Candidate[] {
  const { origin } = new URL(own.baseUrl);
  return [candidates.find(({ base }) => base.origin === origin) ?? candidates[0]].filter(
    (one) => one !== undefined,
  );
}

function drawn(candidates: readonly Candidate[], pick: (below: number) => number): Candidate | undefined {
  if (candidates.length < 2) return candidates[0];
  let left = pick(candidates.reduce((sum, { weight }) => sum + weight, 0));
  return candidates.find(({ weight }) => (left -= weight) < 0);
}

function ownCandidate({ baseUrl, key }: OwnAccount): Candidate {
  return {
    id: PLANE,
    base: new URL(baseUrl),
    key: key === undefined ? { kind: 'none' } : { kind: 'plane', value: key },
    authHeader: null,
    weight: 1,
    tellsUsage: true,
  };
}

/** @returns why it cannot be used, instead of it */
function candidateOf(provider: ModelProvider, own: OwnAccount): Candidate | Fault {
  const { id, base_url: text, auth_header: header, key, weight, usage_in_stream: tellsUsage } = provider;
  const base = baseOf(text);
  if (!base) return { id, reason: 'its base_url is none' };
  const authHeader = header?.toLowerCase() ?? null;
  if (authHeader !== null && (!HEADER_NAME.test(authHeader) || OWN_HEADER.test(authHeader))) {
    return { id, reason: 'its key may not be in the header that auth_header names' };
  }
  if (key !== null && !/^(?:env|file):/.test(key)) return { id, reason: 'its key is no reference' };
  return { id, base, key: keyOf(key, base, own), authHeader, weight: Math.ceil(weight), tellsUsage };
}

/** The plane's own key is for the host of its own variable alone, whatever the document says. */
function keyOf(reference: string | null, base: URL, own: OwnAccount): CandidateKey {
  if (reference !== null) return { kind: 'reference', text: reference };
  const isOwn = base.origin === new URL(own.baseUrl).origin;
  return isOwn ? ownCandidate(own).key : { kind: 'none' };
}

function baseOf(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const base = new URL(text);
  const isPlain = base.username === '' && base.password === '' && base.search === '' && base.hash === '';
  return isPlain && /^https?:$/.test(base.protocol) ? base : undefined;
}
