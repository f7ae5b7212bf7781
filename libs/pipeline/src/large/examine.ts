import type { BlastRadiusSettings } from '@behavry/contracts';
import { judgeBlastRadius, type BlastVerdict } from '@behavry/domain';
import { boundedJson, type BoundedJson } from '../exchange/bounded-json';
import { boundContent, type Call } from '../exchange/call';
import type { KeyedDigest } from '../exchange/keyed-digest';
import type { Scan } from '../scan/scan';
import type { Scanned } from '../scan/scanned';

/** What a scan found, without the value: small enough to cross threads. */
export type ScanFacts = Omit<Scanned, 'redacted'>;

/** What the stages would work out of a call's content, worked out where that content was read. */
export interface Examined {
  readonly blast: BlastVerdict | null;
  readonly scanned: { readonly arguments: ScanFacts; readonly beside: ScanFacts | null };
  /** Digest of all that goes upstream; empty for what is not decided. */
  readonly digest: string;
  /** JSON text of what an engine reads; a text, for it is parsed faster than a tree is copied. */
  readonly parameters: string;
  readonly truncated: readonly string[];
  /** JSON text of `{arguments, beside}` for whoever approves; null when that is more than anybody can be shown. */
  readonly shown: string | null;
}

/** What a thread judges with. */
export interface Judges {
  readonly scan: Scan;
  readonly digest: KeyedDigest;
  /** Of whom the message is; what its scan knows of his texts is not searched again. */
  readonly agentId: string;
}

/** More of the text that says what a call is about is seen by no rule. */
const MAX_RESOURCE = 4_096;

/**
 * Does in one go what the stages do one by one with a small call.
 * @returns the call without its content, and what is known of that
 */
export function examine(
  call: Call,
  blast: BlastRadiusSettings,
  { scan, digest, agentId }: Judges,
): { readonly call: Call; readonly examined: Examined } {
  const isDecided = call.handling === 'decide';
  const { value, truncated } = boundedJson(call.parameters ?? {}, call.bytes);
  const { arguments: args, beside } = call;
  const shown = isDecided ? boundedJson({ arguments: args, beside }, call.bytes) : undefined;
  return {
    call: {
      ...call,
      resource: call.resource.slice(0, MAX_RESOURCE),
      arguments: null,
      parameters: null,
      beside: null,
    },
    examined: {
      blast: (isDecided ? judgeBlastRadius(call, blast) : undefined) ?? null,
      scanned: {
        arguments: factsOf(scan.outbound(args, { agentId })),
        beside: beside === null ? null : factsOf(scan.outbound(beside)),
      },
      digest: isDecided ? digest.ofJson(boundContent(call)) : '',
      parameters: JSON.stringify(value),
      truncated,
      shown: shown?.truncated.length === 0 ? JSON.stringify(shown.value) : null,
    },
  };
}

/** @returns what a scan found, to be sent to another thread */
export function factsOf(scanned: Scanned): ScanFacts {
  const { verdict, dlp, injection, counts, tags, score, blockedBy } = scanned;
  return { verdict, dlp, injection, counts, tags, score, blockedBy };
}

/** @param changed what is left of the value, where it is to be redacted */
export function scannedOfFacts(facts: ScanFacts, changed: unknown = null): Scanned {
  return { ...facts, redacted: () => changed };
}

/** @returns what an engine reads of an examined call */
export function parametersOf({ parameters, truncated }: Examined): BoundedJson {
  return { value: JSON.parse(parameters) as unknown, truncated };
}
