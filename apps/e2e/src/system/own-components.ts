import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  freePort,
  mcpEverything,
  PostgresComponent,
  ProcessLedger,
  type SupervisedProcess,
} from '@behavry/components';
import { workspaceRoot } from '@behavry/test-components';

/** A PostgreSQL and an MCP server that belong to the test: what the test stops stays stopped. */
export interface OwnComponents {
  readonly postgres: PostgresComponent;
  readonly upstream: SupervisedProcess;
  readonly upstreamUrl: string;
  stop(): Promise<void>;
}

export async function startOwnComponents(): Promise<OwnComponents> {
  const folder = mkdtempSync(join(tmpdir(), 'behavry-e2e-'));
  // PostgreSQL runs as another user when we are root.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'pg'));
  const ledger = new ProcessLedger(join(folder, 'ledger.json'));
  const postgres = new PostgresComponent({
    root: workspaceRoot(),
    folder: join(folder, 'pg'),
    logFile: join(folder, 'postgres.log'),
    ledger,
  });
  await postgres.start();
  const port = await freePort();
  const upstream = mcpEverything({
    root: workspaceRoot(),
    port,
    logFile: join(folder, 'everything.log'),
    ledger,
  });
  await upstream.start();
  return {
    postgres,
    upstream,
    upstreamUrl: `http://127.0.0.1:${port}/mcp`,
    async stop() {
      await upstream.stop();
      await postgres.stop();
    },
  };
}
