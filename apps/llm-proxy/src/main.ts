import { runService } from '@behavry/platform';
import { LLM_PROXY } from './llm-proxy.definition';

void runService(LLM_PROXY);
