/** One change of the shipped rules, so that an alert shows within a minute. */
interface Shortening {
  readonly what: string;
  readonly pattern: RegExp;
  readonly by: string;
  /** How often it must be found: a rule that was edited must not slip through as it is. */
  readonly atLeast: number;
}

const SHORTENINGS: readonly Shortening[] = [
  { what: 'every `for:` is 5 s', pattern: /for: \d+m/g, by: 'for: 5s', atLeast: 10 },
  { what: 'rates are over 20 s instead of 5 min', pattern: /\[5m\]/g, by: '[20s]', atLeast: 2 },
  {
    what: 'a record may wait 10 s instead of 120',
    pattern: /(behavry_spool_oldest_age_seconds\)) > 120/g,
    by: '$1 > 10',
    atLeast: 1,
  },
  {
    what: 'the control plane may be unheard for 15 s instead of 180',
    pattern: /(behavry_uplink_contact_timestamp_seconds\{call="heartbeat"\}\)) > 180/g,
    by: '$1 > 15',
    atLeast: 1,
  },
];

/** What {@link shortRules} changes, in words. */
export const CHANGES: readonly string[] = SHORTENINGS.map(({ what }) => what);

/**
 * The shipped alerts with shorter times. Names, metrics, labels and comparisons stay as they are.
 * @throws Error when the rules are no longer written as this expects
 */
export function shortRules(text: string): string {
  return SHORTENINGS.reduce((rules, { what, pattern, by, atLeast }) => {
    const found = rules.match(pattern)?.length ?? 0;
    if (found < atLeast) throw new Error(`the rules do not hold what is to be shortened: ${what}`);
    return rules.replaceAll(pattern, by);
  }, text);
}
