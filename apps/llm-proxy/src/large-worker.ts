import { serveJobs } from '@behavry/pipeline';
import { MODEL_JOBS } from './large/model-jobs';

serveJobs(MODEL_JOBS);
