import { runService } from '@behavry/platform';
import { MCP_PROXY } from './mcp-proxy';

void runService(MCP_PROXY);
