import { BackOff } from './back-off';

it('waits twice as long after each failure, up to its longest, and begins anew after a success', () => {
  const backOff = new BackOff(250, 15_000);
  const waits = Array.from({ length: 8 }, () => backOff.next());
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  backOff.reset();
  expect(backOff.next()).toBe(250);
});
