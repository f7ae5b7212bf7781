import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceRoot } from '@behavry/test-components';
import type { SaidBothWays } from './upstream';

/** Where the tests of the proxy read them. */
const FOLDER = join(workspaceRoot(), 'apps', 'llm-proxy', 'test', 'fixtures', 'recorded');
/** Differ from machine to machine, or hold a key. */
const OWN =
  /^(?:host|connection|content-length|user-agent|authorization|x-api-key|x-goog-api-(?:key|client))$/;
const OWN_START = /^(?:sec-|x-stainless-|accept-(?:encoding|language))/;

/** @returns as they are kept: each request once, without what is a machine's own */
export function recordingOf(exchanges: readonly SaidBothWays[]): readonly SaidBothWays[] {
  const kept = new Map<string, SaidBothWays>();
  for (const { provider, request, answer } of exchanges) {
    const headers = Object.entries(request.headers).filter(
      ([name]) => !OWN.test(name) && !OWN_START.test(name),
    );
    const asked = { ...request, headers: Object.fromEntries(headers.sort()) };
    const key = keyOf({ provider, request: asked, answer });
    if (!kept.has(key)) kept.set(key, { provider, request: asked, answer });
  }
  return [...kept].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** @returns what was asked, in a line: the same for the same request */
export function keyOf({ request: { method, path, text }, answer }: SaidBothWays): string {
  return `${method} ${path} ${String(answer.status)} ${text}`;
}

/** @param id of an SDK's row @returns what is kept of it; nothing when nothing is */
export function readRecording(id: string): readonly SaidBothWays[] {
  const file = join(FOLDER, `${id}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SaidBothWays[]) : [];
}

/** Keeps a recording in place of the one before. */
export function writeRecording(id: string, recording: readonly SaidBothWays[]): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${id}.json`), `${JSON.stringify(recording, null, 2)}\n`);
}
