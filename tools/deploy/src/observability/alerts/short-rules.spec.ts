import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceRoot } from '@behavry/test-components';
import { OBSERVABILITY } from '../metric-names';
import { shortRules } from './short-rules';

const shipped = readFileSync(
  join(workspaceRoot(), OBSERVABILITY, 'prometheus', 'rules', 'alerts.yml'),
  'utf8',
);

it('rules are shortened in their times and in nothing else', () => {
  const withoutTimes = (text: string): string => text.replaceAll(/\d+[ms]?\b/g, '#');
  const short = shortRules(shipped);
  expect(short).not.toBe(shipped);
  expect(withoutTimes(short)).toBe(withoutTimes(shipped));
});

it('rules that are written in another way are not taken for shortened', () => {
  expect(() => shortRules(shipped.replace('> 120', '> 90'))).toThrow('a record may wait');
});
