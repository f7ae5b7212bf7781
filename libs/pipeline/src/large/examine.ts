import type { BlastRadiusSettings } from '@behavry/contracts';
import { judgeBlastRadius, type BlastVerdict } from '@behavry/domain';
import { boundedJson, type BoundedJson } from '../exchange/bounded-json';
import { boundContent, type Call } from '../exchange/call';
import type { KeyedDigest } from '../exchange/keyed-digest';
import type { Scan } from '../scan/scan';
import { scanCall } from '../scan/scan-call';
import type { Scanned } from '../scan/scanned';

/** What a scan found, without the value: small enough to cross threads. */
export type ScanFacts = Omit<Scanned, 'redacted'>;

/** What the stages would work out of a call's content, worked out where that content was read. */
export interface Examined {
  readonly blast: BlastVerdict | null;
  readonly scanned: {
    readonly arguments: ScanFacts;
    readonly beside: ScanFacts | null;
    readonly isFoundEncoded: boolean;
  };
  /** How many stand-ins are in what goes on. */
  readonly standIns: number;
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

/** What is known of a call, and what of its content goes on. */
export interface Examination {
  /** Without its content. */
  readonly call: Call;
  readonly examined: Examined;
  /** Only where stand-ins changed it. */
  readonly left: { readonly arguments: unknown } | undefined;
}

/** Does in one go what the stages do one by one with a small call. */
export function examine(
  call: Call,
  blast: BlastRadiusSettings,
  { scan, digest, agentId }: Judges,
): Examination {
  const isDecided = call.handling === 'decide';
  const { left, ...scanned } = scanCall(call, scan, agentId);
  const told = left ? { ...call, arguments: left.arguments, parameters: left.parameters } : call;
  const { arguments: args, beside, parameters, bytes } = told;
  const { value, truncated } = boundedJson(parameters ?? {}, bytes);
  const shown = isDecided ? boundedJson({ arguments: args, beside }, bytes) : undefined;
  return {
    call: {
      ...told,
      resource: call.resource.slice(0, MAX_RESOURCE),
      arguments: null,
      parameters: null,
      beside: null,
      encoded: undefined,
      withStandIns: undefined,
    },
    examined: {
      blast: (isDecided ? judgeBlastRadius(call, blast) : undefined) ?? null,
      scanned: {
        arguments: factsOf(scanned.arguments),
        beside: scanned.beside && factsOf(scanned.beside),
        isFoundEncoded: scanned.isFoundEncoded,
      },
      standIns: left?.standIns ?? 0,
      digest: isDecided ? digest.ofJson(boundContent(told)) : '',
      parameters: JSON.stringify(value),
      truncated,
      shown: shown?.truncated.length === 0 ? JSON.stringify(shown.value) : null,
    },
    left,
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
