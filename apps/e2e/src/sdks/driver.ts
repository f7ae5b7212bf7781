import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cleanEnv } from '@behavry/components';
import { SDKS_FOLDER } from './install';
import type { Sdk } from './matrix';

/** What a driver is told beside its row. */
export interface DriverOptions {
  /** Base URL of what stands before the provider's own prefix. */
  readonly base: string;
  readonly token: string;
  /** Where a driver may look what the providers have seen. */
  readonly upstream: string;
  /** Python with the SDKs; Node runs the other drivers. */
  readonly python: string;
}

export interface CaseResult {
  readonly ok: boolean;
  readonly detail: string;
}

/** Runs an SDK's cases in a process of its own. @returns what came of those that it spoke of */
export async function runDriver(
  { id, dependency, driver, language, provider }: Sdk,
  cases: readonly string[],
  { base, token, upstream, python }: DriverOptions,
): Promise<ReadonlyMap<string, CaseResult>> {
  const command = language === 'Python' ? python : process.execPath;
  const child = spawn(command, [join(SDKS_FOLDER, 'drivers', driver)], {
    cwd: SDKS_FOLDER,
    env: cleanEnv({
      MATRIX_SDK: id,
      MATRIX_PACKAGE: dependency,
      MATRIX_PLANE: `${base}/${provider}`,
      MATRIX_TOKEN: token,
      MATRIX_UPSTREAM: upstream,
      MATRIX_CASES: cases.join(','),
      PYTHONDONTWRITEBYTECODE: '1',
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
  const results = new Map<string, CaseResult>();
  for await (const line of createInterface({ input: child.stdout })) {
    // SDKs may have something to say as well.
    if (!line.startsWith('{"case":')) continue;
    const { case: name, ...result } = JSON.parse(line) as CaseResult & { readonly case: string };
    results.set(name, result);
  }
  const detail = `the driver did not come to it:\n${errors.slice(-2000)}`;
  return new Map(cases.map((name) => [name, results.get(name) ?? { ok: false, detail }]));
}
