import { isObject } from '@behavry/contracts';
import type { RequestResult } from '../dialect';
import { bothForms, membersOf, namesOf } from '../members';
import { malformed, readBody } from '../reading';
import { isSameModel, listOf } from './content-request';

/** Members of a request to embed, as of SDK 3.1. */
const EMBED = 'content embedContentConfig model outputDimensionality taskType title';
const KNOWN = bothForms(EMBED);
const NAMES = namesOf(EMBED);
const KNOWN_OF_BATCH = new Set(['requests']);

/** Reads a body of `models/*:embedContent`. */
export function readEmbedRequest(bytes: Uint8Array, maxBytes: number, model: string): RequestResult {
  const read = readBody(bytes, maxBytes, KNOWN);
  if (!read.ok) return read;
  if (!isRequest(read.body, model)) return NO_REQUEST;
  return understood(bytes, read, model);
}

/** Reads a body of `models/*:batchEmbedContents`. */
export function readBatchRequest(bytes: Uint8Array, maxBytes: number, model: string): RequestResult {
  const read = readBody(bytes, maxBytes, KNOWN_OF_BATCH);
  if (!read.ok) return read;
  const requests = listOf(read.body['requests']);
  if (!requests) return malformed("'requests' must be a list");
  if (!requests.every((request) => isRequest(request, model))) return NO_REQUEST;
  return understood(bytes, read, model);
}

const NO_REQUEST = malformed('a request must have a content, no unknown members, and the model of the path');

function isRequest(request: unknown, model: string): boolean {
  if (!isObject(request)) return false;
  const read = membersOf(request, NAMES, 'snake');
  if (!read || read.hasOthers) return false;
  return isObject(read.members['content']) && isSameModel(read.members['model'], model);
}

function understood(
  bytes: Uint8Array,
  { body, text }: { readonly body: Readonly<Record<string, unknown>>; readonly text: string },
  model: string,
): RequestResult {
  const request = { bytes, text, body, model, isStream: false, hidesTokens: false };
  return { ok: true, request: { ...request, toolNames: [], hostedTools: [] } };
}
