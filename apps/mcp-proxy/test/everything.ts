import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { freePort, workspaceRoot } from '@behavry/testing';

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

/**
 * Starts it on a free port, and on another one when that was taken meanwhile. It counts as started once it says itself
 * that it listens: whoever took its port would answer a connection too.
 */
export async function startEverything(): Promise<SupervisedUpstream> {
  const script = join(workspaceRoot(), 'node_modules/@modelcontextprotocol/server-everything/dist/index.js');
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = spawn(process.execPath, [script, 'streamableHttp'], {
      env: { PATH: process.env['PATH'] ?? '', PORT: String(port) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const said = await firstWords(child, /listening on port/);
    if (said.matches) return new SupervisedUpstream(`http://127.0.0.1:${String(port)}/mcp`, child);
    if (attempt === 5) throw new Error(`the reference server did not start: ${said.text}`);
  }
}

/** Reads what a process writes to stderr until it says what is awaited or ends; later lines are thrown away. */
function firstWords(child: ChildProcess, awaited: RegExp): Promise<{ matches: boolean; text: string }> {
  return new Promise((resolve) => {
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-4_096);
      if (awaited.test(text)) resolve({ matches: true, text });
    });
    child.once('exit', () => resolve({ matches: false, text }));
  });
}
