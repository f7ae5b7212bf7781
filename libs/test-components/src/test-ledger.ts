import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { processIdentity, ProcessLedger } from '@behavry/components';

/** A folder for the real components of one test process, with the ledger of what runs in it. */
export interface TestHome {
  readonly folder: string;
  readonly ledger: ProcessLedger;
}

let home: Promise<TestHome> | undefined;

/**
 * The home of this test process. Made once; before that, what test processes that were killed have
 * left is ended and removed.
 */
export async function testHome(): Promise<TestHome> {
  home ??= make();
  return home;
}

async function make(): Promise<TestHome> {
  const shared = join(tmpdir(), `behavry-tests-${userInfo().uid}`);
  mkdirSync(shared, { recursive: true, mode: 0o755 });
  for (const name of readdirSync(shared)) await removeAbandoned(join(shared, name));
  const folder = join(shared, `${process.pid}-${process.hrtime.bigint()}`);
  mkdirSync(folder);
  // PostgreSQL runs as another user when we are root.
  chmodSync(folder, 0o755);
  writeFileSync(
    join(folder, 'owner'),
    JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) }),
  );
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return { folder, ledger: new ProcessLedger(join(folder, 'processes.json')) };
}

async function removeAbandoned(folder: string): Promise<void> {
  const file = join(folder, 'owner');
  if (!existsSync(file)) return;
  const owner = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; identity: string };
  if (processIdentity(owner.pid) === owner.identity) return;
  await new ProcessLedger(join(folder, 'processes.json')).endLeftovers();
  rmSync(folder, { recursive: true, force: true });
}
