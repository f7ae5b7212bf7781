import { IsInt, IsNumber, IsOptional, IsUrl, Matches, Max, Min } from 'class-validator';
import { Env, HTTP_URL_RULE, IsAddressList, ProxyConfig } from '@behavry/platform';

const BASE_URL_RULE = {
  ...HTTP_URL_RULE,
  disallow_auth: true,
  allow_fragments: false,
  allow_query_components: false,
};

const BASE_URL_MESSAGE = 'must be an http(s) URL without credentials, query and fragment';
const KEY = /^[\x21-\x7e]{1,512}$/;
const KEY_MESSAGE = 'must be a key without spaces';

/** Environment of llm-proxy. */
export class LlmProxyConfig extends ProxyConfig {
  @Env('BEHAVRY_OPENAI_BASE_URL', {
    description: "Where OpenAI's API is reached; the only host that gets its key.",
  })
  @IsUrl(BASE_URL_RULE, { message: BASE_URL_MESSAGE })
  openAiBaseUrl: string = 'https://api.openai.com/v1';

  @Env('BEHAVRY_SECRET_OPENAI_KEY', {
    description: 'OpenAI key of this plane, used when a request brings none of its own.',
    sensitive: true,
  })
  @IsOptional()
  @Matches(KEY, { message: KEY_MESSAGE })
  openAiKey?: string;

  @Env('BEHAVRY_ANTHROPIC_BASE_URL', {
    description: "Where Anthropic's API is reached; the only host that gets its key.",
  })
  @IsUrl(BASE_URL_RULE, { message: BASE_URL_MESSAGE })
  anthropicBaseUrl: string = 'https://api.anthropic.com';

  @Env('BEHAVRY_SECRET_ANTHROPIC_KEY', {
    description: 'Anthropic key of this plane, used when a request brings none of its own.',
    sensitive: true,
  })
  @IsOptional()
  @Matches(KEY, { message: KEY_MESSAGE })
  anthropicKey?: string;

  @Env('BEHAVRY_GEMINI_BASE_URL', {
    description: "Where Gemini's API is reached; the only host that gets its key.",
  })
  @IsUrl(BASE_URL_RULE, { message: BASE_URL_MESSAGE })
  geminiBaseUrl: string = 'https://generativelanguage.googleapis.com';

  @Env('BEHAVRY_SECRET_GEMINI_KEY', {
    description: 'Gemini key of this plane, used when a request brings none of its own.',
    sensitive: true,
  })
  @IsOptional()
  @Matches(KEY, { message: KEY_MESSAGE })
  geminiKey?: string;

  @Env('BEHAVRY_OLLAMA_BASE_URL', {
    description: "Where Ollama's API is reached; the only host that gets its key.",
  })
  @IsUrl(BASE_URL_RULE, { message: BASE_URL_MESSAGE })
  ollamaBaseUrl: string = 'http://127.0.0.1:11434';

  @Env('BEHAVRY_SECRET_OLLAMA_KEY', {
    description: 'Ollama key of this plane, used when a request brings none of its own.',
    sensitive: true,
  })
  @IsOptional()
  @Matches(KEY, { message: KEY_MESSAGE })
  ollamaKey?: string;

  @Env('BEHAVRY_LLM_ALLOWED_HOSTS', {
    description:
      'Where base URLs of the model settings may lead: hosts, addresses (each also with :port), ranges such as 10.1.0.0/16, or public, loopback, private; the base URLs above always may. In standalone public,loopback when not set; on a data plane nothing.',
  })
  @IsOptional()
  @IsAddressList()
  allowedProviders?: string[];

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

  @Env('BEHAVRY_LLM_CONNECTIONS', {
    description: 'Connections to an address of a provider at the same time.',
  })
  @IsInt()
  @Min(1)
  connections: number = 1024;

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
