import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The workspace. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
