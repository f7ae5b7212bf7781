import type { DlpPatternEntry, Finding } from '@behavry/contracts';
import {
  blockingFinding,
  compilePattern,
  DlpPatternError,
  PatternSet,
  redactJson,
  scanJson,
  tenantPatterns,
  TextScanner,
} from '@behavry/domain';
import type { ChannelOptions, Direction, Opinion, ScanOptions, Scanner, ScannerChannel } from './scanner';

const MAX_LISTED = 100;

/** Looks for what must not leave or arrive: secrets and personal data, in both directions. */
export class DlpScanner implements Scanner {
  readonly kind = 'dlp';

  private constructor(
    private readonly patterns: PatternSet,
    readonly faults: readonly DlpPatternError[],
  ) {}

  static of(entries: readonly DlpPatternEntry[]): DlpScanner {
    const faults: DlpPatternError[] = [];
    const usable = tenantPatterns(entries).filter((pattern) => {
      try {
        return compilePattern(pattern);
      } catch (error) {
        if (!(error instanceof DlpPatternError)) throw error;
        faults.push(error);
        return false;
      }
    });
    return new DlpScanner(new PatternSet(usable), faults);
  }

  whole(value: unknown, _direction: Direction, options: ScanOptions): Opinion {
    return opinionOf(scanJson(value, this.patterns), options);
  }

  redact(value: unknown): unknown {
    return redactJson(value, scanJson(value, this.patterns));
  }

  channel(_direction: Direction, options: ChannelOptions): ScannerChannel {
    return new DlpChannel(new TextScanner(this.patterns, options.field), options);
  }
}

class DlpChannel implements ScannerChannel {
  readonly #findings: Finding[] = [];

  constructor(
    private readonly scanner: TextScanner,
    private readonly options: ScanOptions,
  ) {}

  get decided(): number {
    return this.scanner.decided;
  }

  push(chunk: string): Opinion {
    return this.#keep(this.scanner.push(chunk));
  }

  end(): Opinion {
    return this.#keep(this.scanner.end());
  }

  redact(piece: string, start: number): string {
    const end = start + piece.length;
    let redacted = '';
    let position = start;
    for (const {
      pattern,
      span: [from, to],
    } of this.#findings) {
      if (to <= position) continue;
      if (from >= end) break;
      redacted += piece.slice(position - start, Math.max(position, from) - start);
      if (from >= position) redacted += `[REDACTED:${pattern}]`;
      position = Math.min(to, end);
    }
    return redacted + piece.slice(position - start);
  }

  #keep(findings: readonly Finding[]): Opinion {
    this.#findings.push(...findings);
    return opinionOf(findings, this.options);
  }
}

function opinionOf(findings: readonly Finding[], { redacts }: ScanOptions): Opinion {
  const blocking = redacts ? undefined : blockingFinding(findings);
  return {
    verdict: blocking ? 'block' : redacts && findings.length > 0 ? 'redact' : 'pass',
    findings: findings.slice(0, MAX_LISTED),
    counts: {},
    tags: [],
    score: 0,
    decidedBy: blocking ?? null,
  };
}
