import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ComponentError,
  isRunning,
  processIdentity,
  ProcessLedger,
  SupervisedProcess,
  waitUntil,
  type ProcessSpec,
} from '../src';

let folder = '';
let ledgerFile = '';
let ledger: ProcessLedger;
const running: SupervisedProcess[] = [];

function supervise(
  script: string,
  more: Partial<ProcessSpec> = {},
  onRestart?: (name: string, why: string, delayMs: number) => void,
): SupervisedProcess {
  const supervised = new SupervisedProcess(
    {
      name: 'x',
      command: process.execPath,
      args: ['-e', script],
      env: { PATH: process.env['PATH'] ?? '' },
      logFile: join(folder, 'x.log'),
      ...more,
    },
    ledger,
    onRestart ? { onRestart } : {},
  );
  running.push(supervised);
  return supervised;
}

/** Started when the program has written its own log. */
const hasSpoken = (): Promise<boolean> =>
  Promise.resolve(readFileSync(join(folder, 'x.log'), 'utf8').includes('up'));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervised-'));
  ledgerFile = join(folder, 'state', 'processes.json');
  ledger = new ProcessLedger(ledgerFile);
});

afterEach(async () => {
  for (const supervised of running.splice(0)) await supervised.stop(500);
});

describe('a supervised process', () => {
  it('is remembered while it runs and forgotten when it was stopped', async () => {
    const supervised = supervise('setInterval(() => {}, 1000)');
    await supervised.start();
    expect(JSON.parse(readFileSync(ledgerFile, 'utf8'))).toMatchObject([{ name: 'x', pid: supervised.pid }]);
    await supervised.stop();
    expect(JSON.parse(readFileSync(ledgerFile, 'utf8'))).toEqual([]);
  });

  it('says why it could not start, with the end of its log', async () => {
    const supervised = supervise("console.error('no such table'); process.exit(3)", {
      isReady: () => Promise.resolve(false),
    });
    await expect(supervised.start()).rejects.toThrow(/^x ended with code 3\.\nno such table\nWhole log: /u);
  });

  it('fails, and leaves nothing running, when its program is not there or not ready in time', async () => {
    await expect(supervise('', { command: '/nowhere/program' }).start()).rejects.toThrow(ComponentError);
    const slow = supervise("console.log('up'); setInterval(() => {}, 1000)", {
      isReady: () => Promise.resolve(false),
      readyTimeoutMs: 300,
    });
    await expect(slow.start()).rejects.toThrow(/was not ready after 0\.3 s/u);
    expect(slow.pid).toBeUndefined();
  });

  it('is started again when it ends by itself, each time after a longer pause', async () => {
    const pauses: number[] = [];
    const script = "console.log('up'); setTimeout(() => process.exit(1), 500)";
    const supervised = supervise(script, { isReady: hasSpoken }, (_name, _why, delayMs) =>
      pauses.push(delayMs),
    );
    await supervised.start();
    expect(await waitUntil(() => pauses.length >= 3, { timeoutMs: 10_000 })).toBe(true);
    expect(pauses.slice(0, 3)).toEqual([250, 500, 1000]);
    await supervised.stop();
    expect(supervised.pid).toBeUndefined();
  });

  it('is killed with its children when it does not end in time', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      process.on('SIGTERM', () => {});
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      console.log('up ' + child.pid);`;
    const supervised = supervise(script, { isReady: hasSpoken });
    await supervised.start();
    const child = Number(/up (\d+)/u.exec(readFileSync(join(folder, 'x.log'), 'utf8'))?.[1]);
    expect(isRunning(child)).toBe(true);
    await supervised.stop(300);
    expect(await waitUntil(() => !isRunning(child), { timeoutMs: 5_000 })).toBe(true);
  });

  it('gets its own environment and nothing else', async () => {
    process.env['SECRET_OF_THE_SHELL'] = 'x';
    const script = "console.log('up', JSON.stringify(process.env)); setInterval(() => {}, 1000)";
    const supervised = supervise(script, { isReady: hasSpoken, env: { ONLY: 'this' } });
    await supervised.start();
    const env: unknown = JSON.parse(
      readFileSync(join(folder, 'x.log'), 'utf8').replace(/^up /u, ''),
    ) as unknown;
    expect(env).toMatchObject({ ONLY: 'this' });
    expect(env).not.toHaveProperty('SECRET_OF_THE_SHELL');
    delete process.env['SECRET_OF_THE_SHELL'];
  });
});

describe('the ledger of processes', () => {
  it('ends what an earlier run left, and nothing that only has the same number', async () => {
    const left = supervise("console.log('up'); setInterval(() => {}, 1000)", { isReady: hasSpoken });
    await left.start();
    const pid = left.pid ?? 0;
    const identity = processIdentity(pid);
    const file = join(folder, 'other', 'processes.json');
    mkdirSync(join(folder, 'other'));
    writeFileSync(
      file,
      JSON.stringify([
        { name: 'left', pid, identity, stopSignal: 'SIGTERM' },
        { name: 'stranger', pid: process.pid, identity: 'another boot 1', stopSignal: 'SIGKILL' },
      ]),
    );
    expect(await new ProcessLedger(file).endLeftovers()).toEqual(['left']);
    expect(processIdentity(pid)).toBeUndefined();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([]);
  });
});
