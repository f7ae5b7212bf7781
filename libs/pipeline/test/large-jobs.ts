import { BLAST_RADIUS_DEFAULTS } from '@behavry/domain';
import { toolCall, type Call } from '../src/exchange/call';
import { examine, factsOf, type Examined, type Judges, type ScanFacts } from '../src/large/examine';

/** Jobs as a proxy has them, and some that go wrong. */
export const TEST_JOBS = {
  examine(
    { args, beside }: { readonly args: unknown; readonly beside: unknown },
    judges: Judges,
  ): { readonly call: Call; readonly examined: Examined } {
    return examine(toolCall('send_it', args, { beside }), BLAST_RADIUS_DEFAULTS, judges);
  },
  inbound(
    { value, redacts }: { readonly value: unknown; readonly redacts: boolean },
    { scan }: Judges,
  ): { readonly scanned: ScanFacts; readonly left: unknown } {
    const scanned = scan.inbound(value, { redacts });
    return { scanned: factsOf(scanned), left: scanned.redacted() };
  },
  /** Gives its bytes back. */
  echo({ bytes }: { readonly bytes: Uint8Array }): { readonly bytes: Uint8Array } {
    return { bytes };
  },
  /** Waits until the shared number is no longer 0. */
  wait({ gate }: { readonly gate: Int32Array }): object {
    Atomics.wait(gate, 0, 0);
    return {};
  },
  exit({ status }: { readonly status: number }): object {
    process.exit(status);
  },
  fail({ status }: { readonly status: number }): object {
    throw new Error(`a text that nobody may see ${String(status)}`);
  },
  fillMemory({ status }: { readonly status: number }): object {
    const held: object[] = [];
    for (;;) held.push(new Array(1_000).fill(status));
  },
};

export type TestJobs = typeof TEST_JOBS;
