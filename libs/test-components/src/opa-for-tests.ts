import { join } from 'node:path';
import { getOpa } from '@behavry/components';
import { workspaceRoot } from './workspace-root';

/** The `opa` command for tests; only what is on the machine already counts, `npm test` fetches it before. */
export async function opaForTests(): Promise<string> {
  const { command } = await getOpa({ dataDir: join(workspaceRoot(), '.behavry'), mayFetch: false });
  return command;
}
