import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpaComponent } from '@behavry/components';
import { opaForTests } from './opa-for-tests';
import { testHome } from './test-ledger';

/** A real OPA for tests. */
export interface TestOpa {
  readonly socket: string;
  /** The `opa` command it runs. */
  readonly command: string;
  stop(): Promise<void>;
}

/** What the OPA starts with. */
export interface TestOpaOptions {
  /** Rego and data files or folders. */
  readonly files?: readonly string[];
  /** OPA's own configuration, as YAML or JSON text. */
  readonly config?: string;
  /** Whether a loaded `system.authz` guards it. */
  readonly hasAuthorization?: boolean;
}

/** Starts one. @throws ComponentError when there is no OPA (use `describeWithOpa`) */
export async function startTestOpa(options: TestOpaOptions = {}): Promise<TestOpa> {
  const { ledger, folder } = await testHome();
  const command = await opaForTests();
  const place = mkdtempSync(join(tmpdir(), 'opa-'));
  const socket = join(place, 'opa.sock');
  const configFile = join(place, 'opa.yaml');
  if (options.config !== undefined) writeFileSync(configFile, options.config);
  const server = new OpaComponent({
    name: 'opa',
    command,
    socket,
    paths: options.files ?? [],
    hasAuthorization: options.hasAuthorization ?? false,
    ...(options.config === undefined ? {} : { configFile }),
    logFile: join(folder, 'opa.log'),
    ledger,
  });
  await server.start();
  return { socket, command, stop: () => server.stop() };
}
