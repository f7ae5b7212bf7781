import type { Client } from 'pg';
import { request } from 'undici';
import { SystemClock } from '@behavry/platform';
import { personToken, type RunningWriter } from './running-writer';

/** A live stream of events as it was read so far. */
export interface Followed {
  readonly seqs: () => readonly number[];
  readonly text: () => string;
  readonly end: () => void;
  /** Whether the writer ended it. */
  readonly isOver: () => boolean;
}

/** Follows the audit log as a viewer. */
export async function followed(
  { url }: RunningWriter,
  headers: Record<string, string> = {},
): Promise<Followed> {
  const { body, statusCode } = await request(`${url}/api/v1/audit/stream`, {
    headers: { authorization: `Bearer ${personToken(new SystemClock(), ['viewer'])}`, ...headers },
  });
  expect(statusCode).toBe(200);
  let text = '';
  body.on('data', (chunk: Buffer) => (text += chunk.toString()));
  body.on('error', () => undefined);
  let isOver = false;
  body.on('end', () => (isOver = true));
  return {
    seqs: () => [...text.matchAll(/^id: (\d+)$/gm)].map(([, seq]) => Number(seq)),
    text: () => text,
    end: () => body.destroy(),
    isOver: () => isOver,
  };
}

/** Tampers as the owner could, looks, and puts everything back. */
export async function tampered(owner: Client, statement: string, look: () => Promise<void>): Promise<void> {
  await owner.query('CREATE TEMP TABLE kept AS SELECT * FROM data.audit_events');
  await owner.query('CREATE TEMP TABLE kept_head AS SELECT * FROM data.audit_head');
  await owner.query(statement);
  try {
    await look();
  } finally {
    await owner.query('DELETE FROM data.audit_events');
    await owner.query('INSERT INTO data.audit_events SELECT * FROM kept');
    await owner.query('UPDATE data.audit_head h SET seq = k.seq, hash = k.hash FROM kept_head k');
    await owner.query('DROP TABLE kept; DROP TABLE kept_head');
  }
}
