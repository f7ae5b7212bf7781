import fc from 'fast-check';
import { NO_ACTIVITY, windowOf, withEvents, type ActivityEvent } from './activity';

const MINUTE = 60_000;
const NOW = 1_800_000_000_000;

const calls = (count: number, atMs: number, isDenial = false): ActivityEvent[] =>
  Array.from({ length: count }, () => ({ atMs, isDenial }));

describe('activity', () => {
  it('counts calls and refusals of the last minutes, and the busiest minute', () => {
    const activity = withEvents(
      NO_ACTIVITY,
      [...calls(3, NOW), ...calls(2, NOW - MINUTE, true), ...calls(7, NOW - 20 * MINUTE)],
      NOW,
    );
    expect(windowOf(activity, NOW, 15)).toEqual({ minutes: 15, calls: 5, denials: 2, peak: 3 });
    expect(windowOf(activity, NOW, 30)).toEqual({ minutes: 30, calls: 12, denials: 2, peak: 7 });
  });

  it('leaves out what happened before an instant', () => {
    const activity = withEvents(NO_ACTIVITY, [...calls(4, NOW - 5 * MINUTE), ...calls(1, NOW)], NOW);
    expect(windowOf(activity, NOW, 15, NOW - 2 * MINUTE).calls).toBe(1);
  });

  it('is the same for events at once and one after the other', () => {
    const event = fc.record({
      atMs: fc.integer({ min: NOW - 50 * MINUTE, max: NOW }),
      isDenial: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 0, max: 60 }), (events, cut) => {
        const atOnce = withEvents(NO_ACTIVITY, events, NOW);
        const inTwo = withEvents(withEvents(NO_ACTIVITY, events.slice(0, cut), NOW), events.slice(cut), NOW);
        expect(inTwo.buckets).toEqual(atOnce.buckets);
      }),
    );
  });

  it('learns each minute once, after it is over, and forgets minutes older than an hour', () => {
    let activity = NO_ACTIVITY;
    for (let minute = 0; minute < 90; minute++)
      activity = withEvents(activity, calls(10, NOW + minute * MINUTE), NOW + minute * MINUTE);
    expect(activity.baseline.minutes).toBe(88);
    expect(activity.baseline.mean).toBeCloseTo(10);
    expect(activity.baseline.variance).toBeCloseTo(0);
    expect(activity.buckets).toHaveLength(60);
    const again = withEvents(activity, [], NOW + 89 * MINUTE);
    expect(again.baseline).toEqual(activity.baseline);
  });

  it('counts an event from the future as of now', () => {
    expect(windowOf(withEvents(NO_ACTIVITY, calls(1, NOW + 60 * MINUTE), NOW), NOW, 1).calls).toBe(1);
  });
});
