import type { Finding } from '@behavry/contracts';
import { InjectionText, MAX_LISTED, scanInjection, type TextMemory } from '@behavry/domain';
import { NO_OPINION } from './scanned';
import type { ChannelOptions, Direction, Opinion, ScanOptions, Scanner, ScannerChannel } from './scanner';

/**
 * Looks for texts that give orders to their reader. What comes back with a critical one is replaced by a
 * stand-in; in what goes up they are only logged, for agents may speak about such texts.
 */
export class InjectionScanner implements Scanner {
  readonly kind = 'injection';

  /** @param enforces whether anything is withheld, or all is only logged */
  constructor(private readonly enforces: boolean) {}

  whole(value: unknown, direction: Direction, _options: ScanOptions, memory?: TextMemory): Opinion {
    const { listed, critical, counts, score } = scanInjection(value, memory);
    return this.#opinion(listed, critical, direction, score, counts);
  }

  channel(direction: Direction, { injection, field }: ChannelOptions): ScannerChannel | undefined {
    if (injection !== true) return undefined;
    const text = new InjectionText(field);
    let listed = 0;
    const say = (found: readonly Finding[]): Opinion | undefined => {
      if (found.length === 0) return undefined;
      const critical = found.find(({ severity }) => severity === 'critical');
      const shown = found.slice(0, Math.max(critical ? 1 : 0, MAX_LISTED - listed));
      if (critical && !shown.includes(critical)) shown[shown.length - 1] = critical;
      listed += shown.length;
      return this.#opinion(shown, critical, direction, text.score, {});
    };
    return {
      get decided() {
        return text.decided;
      },
      push: (chunk) => say(text.push(chunk)),
      end: () => say(text.end()),
    };
  }

  #opinion(
    findings: readonly Finding[],
    critical: Finding | undefined,
    direction: Direction,
    score: number,
    counts: Readonly<Record<string, number>>,
  ): Opinion {
    if (findings.length === 0) return NO_OPINION;
    const withholds = this.enforces && direction === 'inbound' && critical !== undefined;
    return {
      verdict: withholds ? 'stand_in' : 'pass',
      findings,
      counts,
      tags: ['injection'],
      score: Math.round(score * 100),
      decidedBy: withholds ? critical : null,
    };
  }
}
