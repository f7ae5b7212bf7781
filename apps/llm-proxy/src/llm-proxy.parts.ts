import type { ServiceContext } from '@behavry/platform';
import type { Guard } from '@behavry/pipeline';
import type { LlmProxyConfig } from './llm-proxy.config';
import type { OpenAiUpstream } from './upstream/openai-upstream';
import type { UsageSpool } from './usage/usage-spool';

/** Everything that the routes of this process use; made once at its start. */
export interface LlmParts {
  readonly context: ServiceContext<LlmProxyConfig>;
  readonly guard: Guard;
  readonly usage: UsageSpool;
  readonly openai: OpenAiUpstream;
}
