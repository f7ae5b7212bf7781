import { readFileSync, statSync } from 'node:fs';

const LINES = 12;

interface LogLine {
  readonly level?: string;
  readonly message?: string;
  readonly err?: { readonly message?: string };
}

/** Size of a log in bytes; 0 when there is none. What is written later begins here. */
export function logSize(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

/**
 * The last lines of a log, for a message to a person: of our own services only what they say went wrong.
 * @param from byte at which the present run begins
 */
export function logTail(file: string, from = 0): string {
  const lines = readFrom(file, from).trimEnd().split('\n');
  const faults = lines.map(faultOf).filter((line) => line !== undefined);
  return (faults.length > 0 ? faults : lines).slice(-LINES).join('\n');
}

function readFrom(file: string, from: number): string {
  try {
    return readFileSync(file).subarray(from).toString('utf8');
  } catch {
    return '';
  }
}

function faultOf(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { level, message = '', err } = JSON.parse(line) as LogLine;
    if (level !== 'fatal' && level !== 'error') return undefined;
    return err?.message === undefined ? message : `${message}: ${err.message}`;
  } catch {
    return undefined;
  }
}
