import { isObject } from '@behavry/contracts';
import type { RequestResult } from '../dialect';
import { bothForms, membersOf, namesOf } from '../members';
import { malformed, readBody } from '../reading';
import { References } from '../references';
import { foundIn } from './content-parts';
import { isSameModel, listOf } from './content-request';

/** Members of a request to embed, as of SDK 3.1. */
const EMBED = 'content embedContentConfig model outputDimensionality taskType title';
export const EMBED_MEMBERS = bothForms(EMBED);
const NAMES = namesOf(EMBED);
export const BATCH_MEMBERS: ReadonlySet<string> = new Set(['requests']);

/** Reads a body of `models/*:embedContent`. */
export function readEmbedRequest(bytes: Uint8Array, maxBytes: number, model: string): RequestResult {
  const read = readBody(bytes, maxBytes);
  if (!read.ok) return read;
  return understood(bytes, read, model, [contentOf(read.body, model)]);
}

/** Reads a body of `models/*:batchEmbedContents`. */
export function readBatchRequest(bytes: Uint8Array, maxBytes: number, model: string): RequestResult {
  const read = readBody(bytes, maxBytes);
  if (!read.ok) return read;
  const requests = listOf(read.body['requests']);
  if (!requests) return malformed("'requests' must be a list");
  return understood(
    bytes,
    read,
    model,
    requests.map((request) => contentOf(request, model)),
  );
}

const NO_REQUEST = malformed('a request must have a content, no unknown members, and the model of the path');

/** @returns what a request is to embed; undefined when it is none */
function contentOf(request: unknown, model: string): object | undefined {
  const read = isObject(request) ? membersOf(request, NAMES, 'snake') : undefined;
  if (!read || read.hasOthers || !isSameModel(read.members['model'], model)) return undefined;
  const { content } = read.members;
  return isObject(content) ? content : undefined;
}

function understood(
  bytes: Uint8Array,
  { body, text }: { readonly body: Readonly<Record<string, unknown>>; readonly text: string },
  model: string,
  contents: readonly (object | undefined)[],
): RequestResult {
  if (contents.includes(undefined)) return NO_REQUEST;
  const parts = new References();
  const fault = foundIn(contents, parts);
  if (fault) return fault;
  const request = { bytes, text, body, model, isStream: false, hidesTokens: false };
  return { ok: true, request: { ...request, toolNames: [], hostedTools: [], ...parts.found } };
}
