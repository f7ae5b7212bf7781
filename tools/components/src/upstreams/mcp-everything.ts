import { join } from 'node:path';
import { canConnectTcp } from '../net/can-connect-tcp';
import { cleanEnv } from '../process/clean-env';
import type { ProcessLedger } from '../process/process-ledger';
import { SupervisedProcess, type ProcessEvents } from '../process/supervised-process';

/** What every upstream that we start needs. */
export interface UpstreamOptions {
  readonly root: string;
  readonly port: number;
  readonly logFile: string;
  readonly ledger: ProcessLedger;
  readonly events?: ProcessEvents;
}

/** The official MCP server with one tool of every kind, over Streamable HTTP at `/mcp`. */
export function mcpEverything(options: UpstreamOptions): SupervisedProcess {
  const { root, port, logFile, ledger, events = {} } = options;
  return new SupervisedProcess(
    {
      name: 'mcp-everything',
      command: process.execPath,
      args: [
        '--require',
        join(root, 'tools/components/src/upstreams/loopback.cjs'),
        join(root, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js'),
        'streamableHttp',
      ],
      // One of its tools prints the environment.
      env: { ...cleanEnv(), PORT: String(port) },
      logFile,
      isReady: () => canConnectTcp(port),
    },
    ledger,
    events,
  );
}
