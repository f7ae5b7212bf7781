import { join } from 'node:path';
import { canConnectTcp } from '../net/can-connect-tcp';
import { cleanEnv } from '../process/clean-env';
import { SupervisedProcess } from '../process/supervised-process';
import type { UpstreamOptions } from './mcp-everything';

/** A model server that speaks OpenAI's API at `/v1` and answers from a file. */
export function modelServer(options: UpstreamOptions & { readonly answers: string }): SupervisedProcess {
  const { root, port, answers, logFile, ledger, events = {} } = options;
  return new SupervisedProcess(
    {
      name: 'model-server',
      command: process.execPath,
      args: [
        join(root, 'node_modules/@copilotkit/aimock/dist/cli.js'),
        '--port',
        String(port),
        '--host',
        '127.0.0.1',
        '--fixtures',
        answers,
        '--log-level',
        'warn',
      ],
      env: cleanEnv(),
      logFile,
      isReady: () => canConnectTcp(port),
    },
    ledger,
    events,
  );
}
