// What tools have brought back and a request tells again: in the messages before its newest one.
import { isObject } from '@behavry/contracts';
import { putAt } from './reading';

type Members = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** The result of a tool as a request tells it again. */
export interface PastResult {
  /** Member names and list places from the top of the body. */
  readonly path: Path;
  readonly value: unknown;
  /** @returns the value that says a text instead, in the dialect's own form */
  readonly saying: (text: string) => unknown;
}

/**
 * @param body of a request, with its messages in `list`
 * @param resultsIn finds the results in one of them; their paths begin there
 * @returns nothing of the newest message
 */
export function resultsBefore(
  body: unknown,
  list: string,
  resultsIn: (message: Members) => readonly PastResult[],
): readonly PastResult[] {
  const messages = isObject(body) ? body[list] : undefined;
  if (!Array.isArray(messages)) return [];
  return (messages as unknown[])
    .slice(0, -1)
    .flatMap((message, index) =>
      isObject(message)
        ? resultsIn(message).map((result) => ({ ...result, path: [list, index, ...result.path] }))
        : [],
    );
}

/** @returns what stands in a member, which a plain text may take the place of; none when there is nothing */
export function textResult(holder: Members, member: string): readonly PastResult[] {
  const value = holder[member];
  return value === undefined ? [] : [{ path: [member], value, saying: (text) => text }];
}

/** @returns what is found in the objects of a list */
export function resultsOfParts(
  holder: Members,
  list: string,
  resultsIn: (part: Members) => readonly PastResult[],
): readonly PastResult[] {
  const parts = holder[list];
  return (Array.isArray(parts) ? (parts as unknown[]) : []).flatMap((part, index) =>
    isObject(part)
      ? resultsIn(part).map((result) => ({ ...result, path: [list, index, ...result.path] }))
      : [],
  );
}

/** @returns the body with other values at some places, which are there; the body itself stays as it is */
export function withValues(
  body: unknown,
  values: readonly { readonly path: Path; readonly value: unknown }[],
): unknown {
  const changed: unknown = structuredClone(body);
  for (const { path, value } of values) putAt(changed, path, value);
  return changed;
}
