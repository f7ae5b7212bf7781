import { isWholeDue } from './whole-due';

const at = (text: string): number => Date.parse(text);

it.each([
  ['never read', undefined, '2026-05-02T01:00:00Z', true],
  ['read last night', '2026-05-02T02:10:00Z', '2026-05-02T23:00:00Z', false],
  ['read yesterday, before the hour', '2026-05-01T02:10:00Z', '2026-05-02T01:59:00Z', false],
  ['read yesterday, at the hour', '2026-05-01T02:10:00Z', '2026-05-02T02:00:00Z', true],
  ['missed a night', '2026-04-29T02:10:00Z', '2026-05-02T01:00:00Z', true],
  ['read in the evening before', '2026-05-01T20:00:00Z', '2026-05-02T02:30:00Z', true],
])('%s', (_name, wholeAt, now, isDue) => {
  expect(isWholeDue(wholeAt === undefined ? undefined : at(wholeAt), at(now), 2)).toBe(isDue);
});
