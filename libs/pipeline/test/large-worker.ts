import { serveJobs } from '../src/large/serve-jobs';
import { TEST_JOBS } from './large-jobs';

serveJobs(TEST_JOBS);
