import type { Scrubber } from './scrub';

/** Errors of one kind in one log. */
export interface LoggedError {
  readonly level: 'error' | 'warn';
  readonly message: string;
  readonly count: number;
  /** Of the last one. */
  readonly time: string | null;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** Kinds that are told of each log; the latest are the most telling. */
const MOST = 50;
const LONGEST = 500;
/** Fields of our own lines that come from closed lists or are numbers of ours; nothing else goes on. */
const FIELDS = [
  'event',
  'fault',
  'code',
  'status',
  'state',
  'from',
  'to',
  'kind',
  'seq',
  'queue',
  'part',
  'check',
];
const LEVELS: Readonly<Record<string, LoggedError['level']>> = {
  error: 'error',
  fatal: 'error',
  panic: 'error',
  warn: 'warn',
  warning: 'warn',
};

/**
 * Errors and warnings of a log, each kind once, the latest last. Of a line in JSON only its message, the name of its
 * error and fields of closed lists are taken; of other lines, for example PostgreSQL's, what stands in quotes is masked:
 * there may be values in it.
 */
export function loggedErrors(log: string, scrubber: Scrubber): readonly LoggedError[] {
  const kinds = new Map<string, LoggedError>();
  for (const line of log.split('\n')) {
    const found = line.startsWith('{') ? ofJson(line) : ofText(line);
    if (!found) continue;
    const message = scrubber.scrub(found.message).slice(0, LONGEST);
    const key = `${found.level} ${message}`;
    const before = kinds.get(key);
    kinds.delete(key);
    kinds.set(key, { ...found, message, count: (before?.count ?? 0) + 1 });
  }
  return [...kinds.values()].slice(-MOST);
}

function ofJson(line: string): Omit<LoggedError, 'count'> | undefined {
  let entry: Readonly<Record<string, unknown>>;
  try {
    entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const level = LEVELS[String(entry['level']).toLowerCase()];
  if (!level) return undefined;
  const { err, time } = entry as {
    err?: { name?: unknown; code?: unknown; message?: unknown };
    time?: unknown;
  };
  const said = text(entry['message']) ?? withoutQuotes(text(entry['msg']) ?? 'no message');
  const why = [text(err?.name), text(err?.code), causeOf(said, text(err?.message) ?? '')]
    .filter(Boolean)
    .join(' ');
  const facts = FIELDS.flatMap((name) => {
    const value = entry[name];
    const isPlain =
      typeof value === 'number' || typeof value === 'boolean' || /^[\w.-]{1,64}$/.test(text(value) ?? '');
    return isPlain ? [[name, value as string | number | boolean] as const] : [];
  });
  return {
    level,
    message: why === '' ? said : `${said} (${why})`,
    time: text(time) ?? null,
    facts: Object.fromEntries(facts),
  };
}

function ofText(line: string): Omit<LoggedError, 'count'> | undefined {
  const [, word = ''] = /\b(ERROR|FATAL|PANIC|WARNING)\b/.exec(line) ?? [];
  const level = LEVELS[word.toLowerCase()];
  const at = line.indexOf(word);
  if (!level) return undefined;
  const time = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/.exec(line)?.[0] ?? null;
  return { level, message: withoutQuotes(line.slice(at)), time, facts: {} };
}

/** An error's own message, where the line does not say the same already. */
function causeOf(said: string, message: string): string {
  return said.includes(message) ? '' : withoutQuotes(message);
}

function withoutQuotes(said: string): string {
  return said.replaceAll(/"[^"]*"/g, '"…"').replaceAll(/(?<!\w)'[^']*'/g, "'…'");
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
