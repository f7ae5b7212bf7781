import type { DlpPatternEntry } from '@behavry/contracts';
import {
  blockingFinding,
  BUILT_IN_DLP_PATTERNS,
  compilePattern,
  DlpPatternError,
  MAX_LISTED,
  PatternSet,
  Redaction,
  redactJson,
  scanJson,
  tenantPatterns,
  TextScanner,
  type CompiledPattern,
  type Findings,
  type TextMemory,
} from '@behavry/domain';
import type { ChannelOptions, Direction, Opinion, ScanOptions, Scanner, ScannerChannel } from './scanner';

/** Looks for what must not leave or arrive: secrets and personal data, in both directions. */
export class DlpScanner implements Scanner {
  readonly kind = 'dlp';

  private constructor(
    private readonly patterns: PatternSet,
    readonly faults: readonly DlpPatternError[],
  ) {}

  /**
   * @param entries the tenant's patterns, which stand beside and in the place of the built-in ones; one that cannot be
   *   used is among the faults, and the built-in one in whose place it stands stays in force
   */
  static of(entries: readonly DlpPatternEntry[]): DlpScanner {
    const faults: DlpPatternError[] = [];
    const usable = tenantPatterns(entries).flatMap((pattern): CompiledPattern[] => {
      try {
        return [compilePattern(pattern)];
      } catch (error) {
        if (!(error instanceof DlpPatternError)) throw error;
        faults.push(error);
        return BUILT_IN_DLP_PATTERNS.filter(({ id }) => id === pattern.id).map(compilePattern);
      }
    });
    return new DlpScanner(new PatternSet(usable), faults);
  }

  whole(value: unknown, _direction: Direction, options: ScanOptions, memory?: TextMemory): Opinion {
    return opinionOf(scanJson(value, this.patterns, memory), this.patterns, options);
  }

  channel(_direction: Direction, options: ChannelOptions): ScannerChannel {
    return new DlpChannel(this.patterns, options);
  }

  redact(value: unknown, memory?: TextMemory): unknown {
    return redactJson(value, this.patterns, memory);
  }
}

class DlpChannel implements ScannerChannel {
  readonly #scanner: TextScanner;
  readonly #redaction = new Redaction();
  #listed = 0;

  constructor(
    private readonly patterns: PatternSet,
    private readonly options: ChannelOptions,
  ) {
    this.#scanner = new TextScanner(patterns, options.field);
  }

  get decided(): number {
    return this.#scanner.decided;
  }

  push(chunk: string): Opinion | undefined {
    return this.#say(this.#scanner.push(chunk), {});
  }

  end(): Opinion | undefined {
    const found = this.#scanner.end();
    const counts = this.#scanner.counts();
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return this.#say(found, total > this.#listed + found.length ? Object.fromEntries(counts) : {});
  }

  redact(piece: string, start: number): string {
    return this.#redaction.apply(piece, start);
  }

  #say(found: Findings['listed'], counts: Findings['counts']): Opinion | undefined {
    if (found.length === 0 && Object.keys(counts).length === 0) return undefined;
    this.#redaction.add(found);
    const blocking = blockingFinding(found);
    const room = Math.max(blocking ? 1 : 0, MAX_LISTED - this.#listed);
    const listed = found.slice(0, room);
    if (blocking && !listed.includes(blocking)) listed[listed.length - 1] = blocking;
    this.#listed += listed.length;
    return opinionOf({ listed, counts, blocking }, this.patterns, this.options);
  }
}

function opinionOf(
  { listed, counts, blocking }: Findings,
  patterns: PatternSet,
  { redacts }: ScanOptions,
): Opinion {
  const found = new Set([...listed.map(({ pattern }) => pattern), ...Object.keys(counts)]);
  const tags = patterns.patterns.flatMap((pattern) => (found.has(pattern.id) ? pattern.tags : []));
  const acts = listed.length === 0 ? 'pass' : redacts ? 'redact' : blocking ? 'block' : 'pass';
  return {
    verdict: acts,
    findings: listed,
    counts,
    tags,
    score: 0,
    decidedBy: acts === 'block' ? (blocking ?? null) : null,
  };
}
