import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { processSpace } from '../src/adapters/spool/spool-lock';
import type { RacerOrder, RacerWord } from './lock-racer';

const RACERS = 4;
const ROUNDS = 60;
/** A lock of a process that is gone: its id belongs to another one now. */
const STALE = JSON.stringify({ pid: 1, started: 'long ago', space: processSpace(), token: 'x' });

describe('a spool folder that several processes want at the same moment', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'race-'));
  const racers: ChildProcess[] = [];

  beforeAll(async () => {
    const program = join(scratch, 'racer.cjs');
    buildSync({
      entryPoints: [join(__dirname, 'lock-racer.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
    });
    for (let n = 0; n < RACERS; n++) racers.push(fork(program));
    await Promise.all(racers.map((racer) => once(racer, 'message')));
  });
  afterAll(() => {
    for (const racer of racers) racer.kill('SIGKILL');
    rmSync(scratch, { recursive: true });
  });

  async function tell(racer: ChildProcess, order: RacerOrder): Promise<RacerWord> {
    const answer = once(racer, 'message') as Promise<[RacerWord]>;
    racer.send(order);
    return (await answer)[0];
  }

  it.each([
    ['of a process that is gone', STALE],
    ['of nobody', undefined],
  ])(
    'is taken by exactly one of them when it was %s',
    async (state, lock) => {
      for (let round = 0; round < ROUNDS; round++) {
        const folder = join(scratch, `${state} ${String(round)}`);
        mkdirSync(folder);
        if (lock !== undefined) writeFileSync(join(folder, 'lock.1'), lock);
        const at = Date.now() + 15;
        const words = await Promise.all(racers.map((racer) => tell(racer, { folder, at })));
        const taken = words.map((word) => (word as { hasTaken?: boolean }).hasTaken ?? word);
        expect(taken.sort()).toEqual([...Array.from({ length: RACERS - 1 }, () => false), true]);
        await Promise.all(racers.map((racer) => tell(racer, 'release')));
      }
    },
    120_000,
  );
});
