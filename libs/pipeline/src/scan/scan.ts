import type { DlpPatternEntry } from '@behavry/contracts';
import type { DlpPatternError } from '@behavry/domain';
import { DlpScanner } from './dlp-scanner';
import { InjectionScanner } from './injection-scanner';
import { ScanMemory } from './scan-memory';
import { scannedOf, type Scanned } from './scanned';
import type { ChannelOptions, Direction, ScanOptions, Scanner, ScannerChannel } from './scanner';

/** What a scan is made of. */
export interface ScanSource {
  readonly entries: readonly DlpPatternEntry[];
  readonly settings: ScanSettings;
}

export interface ScanSettings {
  /** What is done about a critical injection: put a stand-in in its place, or log it only. */
  readonly injection: 'enforce' | 'observe';
}

/** A running text that is scanned as it arrives. Findings are those of the unsplit text. */
export interface TextChannel {
  /** Everything before this place of the whole text may be released. */
  readonly decided: number;
  /** @returns what became certain with the piece */
  push(chunk: string): Scanned;
  /** @returns what only the end of the text makes certain */
  end(): Scanned;
  /**
   * @param start where the piece stands in the whole text; the piece must end at or before `decided`
   * @returns the piece with what was found taken out
   */
  redact(piece: string, start: number): string;
}

/** The one way in which texts and JSON values are scanned. Built once for each revision of the configuration. */
export class Scan {
  readonly #memory = new ScanMemory();

  private constructor(
    private readonly scanners: readonly Scanner[],
    /** Patterns that cannot be used; the control plane refuses such, so each is an alarm. */
    readonly faults: readonly DlpPatternError[],
    /** From which another thread makes the same one. */
    readonly source: ScanSource,
  ) {}

  /** @param entries the tenant's patterns, which stand beside and in the place of the built-in ones */
  static of(entries: readonly DlpPatternEntry[], settings: ScanSettings): Scan {
    const dlp = DlpScanner.of(entries);
    const enforces = settings.injection === 'enforce';
    const scan = new Scan([dlp, new InjectionScanner(enforces)], dlp.faults, { entries, settings });
    // Compiles what is compiled at its first use, so that no call has to wait for it; shorter texts are no injections.
    scan.inbound('nothing is to be found in this text');
    return scan;
  }

  /** @param value any JSON value that goes up */
  outbound(value: unknown, options: ScanOptions = {}): Scanned {
    return this.#whole(value, 'outbound', options);
  }

  /** @param value any whole JSON value that comes back */
  inbound(value: unknown, options: ScanOptions = {}): Scanned {
    return this.#whole(value, 'inbound', options);
  }

  /** Opens a text that comes back in pieces. */
  channel(direction: 'inbound', options: ChannelOptions = {}): TextChannel {
    return new ScannedText(
      this.scanners.flatMap((scanner) => {
        const channel = scanner.channel(direction, options);
        return channel ? [[scanner, channel] as const] : [];
      }),
    );
  }

  #whole(value: unknown, direction: Direction, options: ScanOptions): Scanned {
    const { agentId } = options;
    const turn = agentId === undefined ? undefined : this.#memory.turn(agentId);
    const opinions = this.scanners.map((scanner) => {
      turn?.restart();
      return [scanner, scanner.whole(value, direction, options, turn)] as const;
    });
    return scannedOf(value, opinions, turn);
  }
}

class ScannedText implements TextChannel {
  constructor(private readonly channels: readonly (readonly [Scanner, ScannerChannel])[]) {}

  get decided(): number {
    return Math.min(...this.channels.map(([, { decided }]) => decided));
  }

  push(chunk: string): Scanned {
    return scannedOf(
      undefined,
      this.channels.map(([scanner, channel]) => [scanner, channel.push(chunk)] as const),
    );
  }

  end(): Scanned {
    return scannedOf(
      undefined,
      this.channels.map(([scanner, channel]) => [scanner, channel.end()] as const),
    );
  }

  redact(piece: string, start: number): string {
    return this.channels.reduce((text, [, channel]) => channel.redact?.(text, start) ?? text, piece);
  }
}
