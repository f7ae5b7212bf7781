import type { Finding } from '@behavry/contracts';
import { escapePointer } from './json-scanner';
import { MAX_FINDINGS_PER_PATTERN } from './text-scanner';

/**
 * Replaces what was found in a text by `[REDACTED:<pattern>]`.
 * A pattern found so often that the scanner stopped counting takes the rest of the text with it.
 */
export function redactText(text: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return text;
  const counts = new Map<string, number>();
  const spans = findings.map(({ pattern, span: [start, end] }) => {
    const count = (counts.get(pattern) ?? 0) + 1;
    counts.set(pattern, count);
    return { pattern, start, end: count >= MAX_FINDINGS_PER_PATTERN ? text.length : end };
  });
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  let redacted = '';
  let position = 0;
  for (const { pattern, start, end } of spans) {
    if (end <= position) continue;
    redacted += text.slice(position, Math.max(position, start));
    // A span that overlaps the one before only lengthens the hole.
    if (start >= position) redacted += `[REDACTED:${pattern}]`;
    position = end;
  }
  return redacted + text.slice(position);
}

/**
 * Redacts a JSON value by the findings of `scanJson`. Strings stay strings, numbers become 0, and a
 * member's name stays a name, made distinct when two would become equal.
 * @returns a new value; parts without findings are shared with the old one
 */
export function redactJson(value: unknown, findings: readonly Finding[]): unknown {
  if (findings.length === 0) return value;
  const byField = new Map<string, Finding[]>();
  for (const finding of findings) {
    const list = byField.get(finding.field);
    if (list) list.push(finding);
    else byField.set(finding.field, [finding]);
  }
  return redactAt(value, '', byField);
}

function redactAt(
  value: unknown,
  pointer: string,
  byField: ReadonlyMap<string, readonly Finding[]>,
): unknown {
  if (typeof value === 'string') return redactText(value, byField.get(pointer) ?? []);
  if (typeof value === 'number') return byField.has(pointer) ? 0 : value;
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => redactAt(item, `${pointer}/${String(index)}`, byField));
  }
  if (typeof value !== 'object' || value === null) return value;
  const redacted: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const at = `${pointer}/${escapePointer(key)}`;
    let name = redactText(key, byField.get(`${at}#`) ?? []);
    while (name !== key && Object.hasOwn(redacted, name)) name += '_';
    redacted[name] = redactAt(member, at, byField);
  }
  return redacted;
}
