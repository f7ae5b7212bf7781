import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logSize, logTail } from './log-tail';

describe('the tail of a log', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'log-')), 'x.log');

  it('shows the last lines of a foreign program', () => {
    writeFileSync(file, 'one\ntwo\n');
    expect(logTail(file)).toBe('one\ntwo');
  });

  it('shows only what one of our services says went wrong, and nothing of an earlier run', () => {
    writeFileSync(file, `${JSON.stringify({ level: 'fatal', message: 'old' })}\n`);
    const start = logSize(file);
    const lines = [
      { level: 'info', message: 'fine' },
      { level: 'fatal', message: 'could not start', err: { message: 'no key' } },
    ];
    writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`, { flag: 'a' });
    expect(logTail(file, start)).toBe('could not start: no key');
  });

  it('is empty when there is no log', () => {
    expect([logSize(`${file}.none`), logTail(`${file}.none`)]).toEqual([0, '']);
  });
});
