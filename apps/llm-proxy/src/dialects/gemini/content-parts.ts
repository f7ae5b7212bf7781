import { isObject } from '@behavry/contracts';
import type { Unscanned } from '../dialect';
import { bothForms, membersOf, namesOf } from '../members';
import { decodedText } from '../encoded-text';
import { isAbsent, malformed, type RequestFault } from '../reading';
import type { References } from '../references';

const PARTS = namesOf('parts');
const MEDIA_NAMES = bothForms('inlineData fileData functionResponse');
const PART = namesOf('inlineData fileData functionResponse');
const DATA = namesOf('mimeType fileUri data');
const BESIDE = ['mimeType', 'mime_type', 'displayName', 'display_name'];
/** A file that was uploaded to Google: as it is named there, whichever address of its API stands before that. */
const UPLOADED = /(?:^|\/)(files\/[A-Za-z0-9_-]{1,200})$/;

/** Reads what a content is made of. @returns false for what is no content, or could be read as another one */
function readParts(content: unknown, found: References): boolean {
  if (typeof content === 'string') return true;
  const read = isObject(content) ? membersOf(content, PARTS) : undefined;
  if (!read) return false;
  const { parts } = read.members;
  if (isAbsent(parts)) return true;
  const listed = Array.isArray(parts) ? (parts as unknown[]) : [parts];
  return listed.every((part) => typeof part === 'string' || readPart(part, found));
}

function readPart(part: unknown, found: References): boolean {
  if (!isObject(part)) return false;
  // Most parts are texts.
  if (!Object.keys(part).some((name) => MEDIA_NAMES.has(name))) return membersOf(part, PART) !== undefined;
  const read = membersOf(part, PART, 'snake');
  if (!read) return false;
  const { inlineData, fileData, functionResponse } = read.members;
  if (!isAbsent(functionResponse) && !readParts(functionResponse, found)) return false;
  return [inlineData, fileData].every((data) => isAbsent(data) || readData(data, found));
}

function readData(data: unknown, found: References): boolean {
  const members = isObject(data) ? membersOf(data, DATA, 'snake')?.members : undefined;
  if (!members) return false;
  const { mimeType, fileUri } = members;
  if (typeof fileUri === 'string' && !isPublic(fileUri)) {
    const [, name = fileUri] = UPLOADED.exec(fileUri) ?? [];
    return found.add('file', name);
  }
  // Under the names that they have in both forms.
  found.addWritten(kindOf(mimeType), { ...(data as object), ...members }, 'data', BESIDE, (base64) =>
    decodedText(mimeType, base64),
  );
  return true;
}

/** Whether anybody could fetch it: what lies at Google is opened by the key, in buckets too. */
function isPublic(uri: string): boolean {
  const url = URL.parse(uri);
  return url?.protocol === 'https:' && !/(?:^|\.)googleapis\.com\.?$/.test(url.hostname);
}

function kindOf(mimeType: unknown): Unscanned {
  const [kind] = typeof mimeType === 'string' ? mimeType.toLowerCase().split('/') : [];
  return kind === 'image' || kind === 'audio' ? kind : 'file';
}

/** @param contents those of a request, each of which may be there or not @returns what they name, or why not */
export function foundIn(contents: readonly unknown[], found: References): RequestFault | undefined {
  if (!contents.every((content) => isAbsent(content) || readParts(content, found)))
    return malformed("'contents' must be made of parts, whose files have plain names");
  return found.isCrowded ? malformed('the body names too many things that the provider keeps') : undefined;
}
