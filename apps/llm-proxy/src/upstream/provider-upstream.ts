import { randomInt } from 'node:crypto';
import type { ModelProvider } from '@behavry/contracts';
import { refuse, type Exchange, type Refusal } from '@behavry/pipeline';
import { SecretReferenceError, type Logger, type UpstreamSecrets } from '@behavry/platform';
import type { Dialect, Endpoint } from '../dialects/dialect';
import { askProvider, type Try, type TryOutcome, type UpstreamAnswer } from './ask-provider';
import { authorizationOf } from './authorization';
import {
  candidatesOf,
  forOwnKey,
  inOrder,
  type Candidate,
  type Candidates,
  type OwnAccount,
} from './candidates';
import type { OriginPools } from './origin-pools';
import { restIn, RestTimes } from './rest-times';

export interface ProviderUpstreamOptions {
  readonly dialect: Dialect;
  readonly own: OwnAccount;
  /** Shared by all kinds. */
  readonly pools: OriginPools;
  readonly secrets: UpstreamSecrets;
  readonly log: Logger;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly maxAnswerBytes: number;
  /** Counts how a try went. */
  readonly count: (outcome: TryOutcome) => void;
}

/** What goes up, as policy left it. */
export interface Outgoing {
  readonly body: string | Uint8Array;
  /** Headers of the agent that may go on, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface UpstreamRequest {
  readonly endpoint: Endpoint;
  readonly isStream: boolean;
  /** The agent's own key for the provider. */
  readonly ownKey: string | undefined;
  /** Which of them keep what the request names; empty: it names nothing that an address keeps. */
  readonly addresses: ReadonlySet<string>;
  /** Whether the tokens of a stream are asked for where the agent did not. */
  readonly hidesTokens: boolean;
  /** @param asksForUsage whether they are, of the address that it is for */
  readonly outgoing: (asksForUsage: boolean) => Promise<Outgoing | Refusal>;
}

export type Sent = UpstreamAnswer | { readonly kind: 'refused'; readonly refusal: Refusal };

/** A call asks no more addresses than this; those that the plane's lists keep from it do not count. */
const MAX_TRIES = 3;
const NOWHERE = refuse(
  'upstream_error',
  'no address of this provider can be used: the settings name none that this plane allows and has a key for',
);

/** Candidates of one document, and of which it was told why they cannot be used: of each once. */
interface Known extends Candidates {
  readonly told: Set<string>;
}

/** Where calls of one kind of provider go: one of its addresses, and on failure another, before anything is told. */
export class ProviderUpstream {
  readonly #options: ProviderUpstreamOptions;
  readonly #rests: RestTimes;
  readonly #known = new WeakMap<readonly ModelProvider[], Known>();

  constructor(options: ProviderUpstreamOptions) {
    this.#options = options;
    this.#rests = new RestTimes(options.now);
  }

  /** @returns whose key calls go with when they bring none of their own */
  keySource(exchange: Exchange): 'plane' | 'none' {
    return this.#of(exchange).usable.some(({ key }) => key.kind !== 'none') ? 'plane' : 'none';
  }

  /** Whether a request may have to go up without asking for the tokens of its stream. */
  mayNotAskForUsage(exchange: Exchange): boolean {
    return this.#of(exchange).usable.some(({ tellsUsage }) => !tellsUsage);
  }

  /** Takes note of a new document. @returns the origins to which calls may go now */
  review(providers: readonly ModelProvider[]): readonly string[] {
    const { usable } = this.#candidates(providers);
    this.#rests.keep(usable);
    return usable.map(({ base }) => base.origin);
  }

  /**
   * Asks the candidates in their order until one answers. An answer that has begun is never asked for again; of those
   * that failed the agent gets the last that said anything.
   */
  async send(exchange: Exchange, request: UpstreamRequest): Promise<Sent> {
    const known = this.#of(exchange);
    const outgoing = eachOnce(request.outgoing);
    const made: { readonly candidate: Candidate; readonly tried: Try }[] = [];
    for (const candidate of this.#orderFor(known, request)) {
      const authorization = await this.#authorize(candidate, request, known);
      if (!authorization) continue;
      const prepared = await outgoing(candidate.tellsUsage || !request.hidesTokens);
      if ('reasonCode' in prepared) return { kind: 'refused', refusal: prepared };
      const { dialect, pools, maxAnswerBytes } = this.#options;
      const { endpoint, isStream } = request;
      const tried = await askProvider(exchange, {
        pool: pools.of(candidate.base),
        basePath: candidate.base.pathname.replace(/\/+$/, ''),
        ...{ dialect, endpoint, isStream, maxAnswerBytes, authorization, ...prepared },
        keepsKeyBack: request.ownKey === undefined,
      });
      this.#note(candidate, tried, known);
      if (tried.outcome === 'not_allowed') continue;
      made.push({ candidate, tried });
      if (!mayOtherDoBetter(tried.outcome) || made.length === MAX_TRIES) break;
    }
    const last = made.at(-1);
    if (!last) return { kind: 'refused', refusal: NOWHERE };
    const told =
      last.tried.outcome === 'aborted'
        ? last
        : (made.findLast(({ tried: { answer } }) => answer.kind !== 'failed') ?? last);
    exchange.outcomeExtra['upstream'] = told.candidate.id;
    if (made.length > 1) exchange.outcomeExtra['tries'] = made.length;
    return told.tried.answer;
  }

  #orderFor({ usable: all }: Known, { ownKey, addresses }: UpstreamRequest): readonly Candidate[] {
    // What one address keeps, another does not know.
    const keeping = all.filter(({ id }) => addresses.has(id));
    const usable = keeping.length > 0 ? keeping : all;
    return ownKey === undefined
      ? inOrder(
          usable,
          (one) => this.#rests.until(one),
          (below) => randomInt(below),
        )
      : forOwnKey(usable, this.#options.own);
  }

  /** @returns undefined when there is no key for it that this plane would send there */
  async #authorize(
    candidate: Candidate,
    { ownKey }: UpstreamRequest,
    known: Known,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const { dialect, secrets } = this.#options;
    try {
      return await authorizationOf(candidate, { dialect, secrets, ownKey });
    } catch (error) {
      if (!(error instanceof SecretReferenceError)) throw error;
      this.#leftOut(candidate.id, error.message, known);
      return undefined;
    }
  }

  #note(candidate: Candidate, { outcome, reason, said }: Try, known: Known): void {
    const { count, log, now, own } = this.#options;
    count(outcome);
    if (outcome === 'answered') this.#rests.answered(candidate);
    if (outcome === 'not_allowed') {
      this.#rests.failed(candidate);
      this.#leftOut(candidate.id, `${reason ?? ''} (BEHAVRY_LLM_ALLOWED_HOSTS)`, known);
    }
    if (!mayOtherDoBetter(outcome)) return;
    const isNew = this.#rests.failed(candidate, said && restIn(said, now()));
    if (isNew && known.usable.length > 1) {
      log.warn({ kind: own.kind, provider: candidate.id, outcome }, 'a provider is asked last for a while');
    }
  }

  #leftOut(provider: string, reason: string, { told }: Known): void {
    if (told.has(provider)) return;
    told.add(provider);
    const { log, own } = this.#options;
    log.warn({ kind: own.kind, provider, reason }, 'a provider cannot be used on this plane');
  }

  #of({ config }: Exchange): Known {
    if (!config) throw new Error('a provider was looked for without a configuration');
    return this.#candidates(config.models.providers);
  }

  #candidates(providers: readonly ModelProvider[]): Known {
    let known = this.#known.get(providers);
    if (!known) {
      known = { ...candidatesOf(providers, this.#options.own), told: new Set() };
      this.#known.set(providers, known);
      for (const { id, reason } of known.faults) this.#leftOut(id, reason, known);
    }
    return known;
  }
}

function mayOtherDoBetter(outcome: TryOutcome): boolean {
  return outcome === 'limited' || outcome === 'failed' || outcome === 'timed_out';
}

/** What is prepared for one address is the same for the next: it may have been read in a thread that kept nothing. */
function eachOnce(prepare: UpstreamRequest['outgoing']): UpstreamRequest['outgoing'] {
  const prepared = new Map<boolean, ReturnType<UpstreamRequest['outgoing']>>();
  return (asksForUsage) => {
    let one = prepared.get(asksForUsage);
    if (!one) prepared.set(asksForUsage, (one = prepare(asksForUsage)));
    return one;
  };
}
