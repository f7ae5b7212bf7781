import type { TokenCounts } from '@behavry/contracts';
import type { WorkerPool } from '@behavry/pipeline';
import type { Proxy } from '@behavry/proxy';
import type { Budgets } from './budgets/budgets';
import type { Dialect, Provider } from './dialects/dialect';
import type { ModelJobs } from './large/model-jobs';
import type { KeptAnswers } from './kept/kept-answers';
import type { ReferenceLedger } from './references/reference-ledger';
import type { ProviderUpstream } from './upstream/provider-upstream';

/** A provider that this process speaks to. */
export interface ProviderService {
  readonly dialect: Dialect;
  readonly upstream: ProviderUpstream;
}

/** A prefix of this app; without a service everything under it is refused. */
export interface ProviderPrefix {
  readonly provider: Provider;
  readonly service: ProviderService | undefined;
}

/** Everything that the routes of this process use; made once at its start. */
export interface LlmParts {
  readonly proxy: Proxy;
  /** Reads large bodies beside the event loop. */
  readonly large: WorkerPool<ModelJobs>;
  /** Who was given what the providers keep. */
  readonly references: ReferenceLedger;
  /** How much may be used. */
  readonly budgets: Budgets;
  /** Answers that wait for a person. */
  readonly kept: KeptAnswers;
  readonly prefixes: readonly ProviderPrefix[];
  readonly maxBodyBytes: number;
  readonly maxAnswerBytes: number;
  /** Counts what an exchange came to, for the operator. */
  readonly countTokens: (tokens: TokenCounts | null) => void;
}
