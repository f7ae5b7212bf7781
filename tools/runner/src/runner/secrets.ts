import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a run made once and must know again at the next start. */
export interface KeptSecrets {
  tenant_id: string;
  /** Administrator's password by plane. */
  admin_passwords: Record<string, string>;
  demo_agent?: { agent_id: string; client_id: string; client_secret: string };
  data_plane_token?: string;
  license_key?: string;
  /** SHA-256 of the text of each demo policy as it was published last. */
  demo_policies: Record<string, string>;
}

/** The runner's own secrets: one file, for its user only. */
export class RunnerSecrets {
  readonly folder: string;
  readonly #file: string;
  #kept: KeptSecrets;

  /** @param dataDir the folder of the whole run */
  constructor(dataDir: string) {
    this.folder = join(dataDir, 'secrets');
    this.#file = join(this.folder, 'runner.json');
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.#kept = existsSync(this.#file)
      ? (JSON.parse(readFileSync(this.#file, 'utf8')) as KeptSecrets)
      : {
          tenant_id: process.env['BEHAVRY_TENANT_ID'] || randomUUID(),
          admin_passwords: {},
          demo_policies: {},
        };
    this.#write();
  }

  get kept(): Readonly<KeptSecrets> {
    return this.#kept;
  }

  keep(more: Partial<KeptSecrets>): void {
    this.#kept = { ...this.#kept, ...more };
    this.#write();
  }

  /** The administrator's password of a plane: kept, or from `BEHAVRY_ADMIN_PASSWORD`, or made now. */
  adminPassword(plane: string): string {
    const password =
      this.#kept.admin_passwords[plane] ??
      (process.env['BEHAVRY_ADMIN_PASSWORD'] || randomBytes(15).toString('base64url'));
    this.keep({ admin_passwords: { ...this.#kept.admin_passwords, [plane]: password } });
    return password;
  }

  #write(): void {
    const next = `${this.#file}.next`;
    writeFileSync(next, `${JSON.stringify(this.#kept, null, 2)}\n`, { mode: 0o600 });
    renameSync(next, this.#file);
  }
}
