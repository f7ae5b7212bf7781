import { serveJobs } from '@behavry/pipeline';
import { MCP_JOBS } from './large/mcp-jobs';

serveJobs(MCP_JOBS);
