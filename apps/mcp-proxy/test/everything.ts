import { spawn, type ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually, workspaceRoot } from '@behavry/testing';

/** The official reference server, in a process of its own. */
export class SupervisedUpstream {
  constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  stop(): void {
    this.child.kill('SIGKILL');
  }
}

export async function startEverything(port: number): Promise<SupervisedUpstream> {
  const script = join(workspaceRoot(), 'node_modules/@modelcontextprotocol/server-everything/dist/index.js');
  const child = spawn(process.execPath, [script, 'streamableHttp'], {
    env: { PATH: process.env['PATH'] ?? '', PORT: String(port) },
    stdio: 'ignore',
  });
  await eventually(
    () =>
      new Promise<void>((open, closed) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy();
          open();
        });
        socket.on('error', closed);
      }),
    { timeoutMs: 20_000 },
  );
  return new SupervisedUpstream(`http://127.0.0.1:${String(port)}/mcp`, child);
}
