import { IsInt, IsNumber, IsOptional, IsUrl, Matches, Max, Min } from 'class-validator';
import { Env, HTTP_URL_RULE, ProxyConfig } from '@behavry/platform';

const BASE_URL_RULE = {
  ...HTTP_URL_RULE,
  disallow_auth: true,
  allow_fragments: false,
  allow_query_components: false,
};

/** Environment of llm-proxy. */
export class LlmProxyConfig extends ProxyConfig {
  @Env('BEHAVRY_OPENAI_BASE_URL', {
    description: "Where OpenAI's API is reached; the only host that gets its key.",
  })
  @IsUrl(BASE_URL_RULE, { message: 'must be an http(s) URL without credentials, query and fragment' })
  openAiBaseUrl: string = 'https://api.openai.com/v1';

  @Env('BEHAVRY_SECRET_OPENAI_KEY', {
    description: 'OpenAI key of this plane, used when a request brings none of its own.',
    sensitive: true,
  })
  @IsOptional()
  @Matches(/^[\x21-\x7e]{1,512}$/, { message: 'must be a key without spaces' })
  openAiKey?: string;

  @Env('BEHAVRY_LLM_TIMEOUT_SECONDS', {
    description: 'How long a provider may be silent, before its answer and within it.',
  })
  @IsNumber()
  @Min(1)
  @Max(3600)
  timeoutSeconds: number = 300;

  @Env('BEHAVRY_LLM_CONNECT_TIMEOUT_SECONDS', {
    description: 'How long a connection to a provider may take.',
  })
  @IsNumber()
  @Min(0.1)
  @Max(60)
  connectTimeoutSeconds: number = 10;

  @Env('BEHAVRY_LLM_CONNECTIONS', { description: 'Connections to a provider at the same time.' })
  @IsInt()
  @Min(1)
  connections: number = 256;

  @Env('BEHAVRY_LLM_MAX_BODY_BYTES', { description: 'Largest request.' })
  @IsInt()
  @Min(1024)
  maxBodyBytes: number = 16 * 1024 * 1024;

  @Env('BEHAVRY_LLM_MAX_ANSWER_BYTES', {
    description: 'Largest whole answer; of a stream, what may wait to be decided.',
  })
  @IsInt()
  @Min(1024)
  maxAnswerBytes: number = 16 * 1024 * 1024;
}
