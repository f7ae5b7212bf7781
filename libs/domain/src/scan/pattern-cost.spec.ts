import { BUILT_IN_DLP_PATTERNS } from './built-in-patterns';
import type { DlpPattern } from './dlp-pattern';
import { AFFORDABLE, checkPatternCost, measurePatternCost } from './pattern-cost';

const now = (): number => performance.now();
const own = (pattern: string): DlpPattern => ({ id: 'own', name: 'own', pattern, severity: 'low', tags: [] });

describe('what patterns cost', () => {
  it('is affordable for the built-in ones, whatever the text', () => {
    const { perKb } = measurePatternCost(BUILT_IN_DLP_PATTERNS, now);
    const { 'own beginnings': hostile, ...ordinary } = perKb;
    for (const cost of Object.values(ordinary)) expect(cost).toBeLessThan(AFFORDABLE.ordinary);
    expect(hostile).toBeLessThan(AFFORDABLE.hostile);
  });

  it.each([
    String.raw`\bB-\d{6}\b`,
    String.raw`(?i)\bproject[ -]phoenix\b`,
    String.raw`\bCUST[0-9A-F]{8,40}\b`,
  ])('is affordable for %s', (pattern) => {
    expect(() => checkPatternCost(own(pattern), BUILT_IN_DLP_PATTERNS, now)).not.toThrow();
  });

  it.each([
    String.raw`[A-Za-z0-9]{20,900}!`,
    String.raw`(?:[a-z]|[a-y0-9]){300}X`,
    String.raw`[a-z ]*x[a-z ]{500}y`,
  ])('is refused for %s, with the cost in words', (pattern) => {
    expect(() => checkPatternCost(own(pattern), BUILT_IN_DLP_PATTERNS, now)).toThrow(/too costly/);
    expect(() => checkPatternCost(own(pattern), BUILT_IN_DLP_PATTERNS, now)).toThrow(
      /pattern own: too costly: with the other patterns \d+ µs per KB of [^,]+, \d+ are allowed; begin it with/,
    );
  });

  it('is refused for one that only its own beginnings make slow', () => {
    expect(() => checkPatternCost(own(String.raw`~[^!]{1,1000}!`), BUILT_IN_DLP_PATTERNS, now)).toThrow(
      /made to be slow/,
    );
  });
});
