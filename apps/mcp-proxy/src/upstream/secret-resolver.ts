import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UpstreamSetupError } from './upstream-session';

const ENV_REFERENCE = /^env:(BEHAVRY_SECRET_[A-Z0-9_]+)$/;
const FILE_REFERENCE = /^file:([A-Za-z0-9_][A-Za-z0-9._-]*)$/;

/** Turns references into secrets, on this plane and nowhere else (architecture: secrets never travel). */
export class SecretResolver {
  /** @param secretsDir the only folder that `file:` reaches */
  constructor(
    private readonly environment: Readonly<Record<string, string | undefined>>,
    private readonly secretsDir: string,
  ) {}

  /**
   * @returns the values with their references resolved
   * @throws UpstreamSetupError that names the reference, never a value
   */
  async resolve(values: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const entries = await Promise.all(
      Object.entries(values).map(async ([name, value]) => [name, await this.#one(value)] as const),
    );
    return Object.fromEntries(entries);
  }

  async #one(value: string): Promise<string> {
    if (!/^(env|file):/.test(value)) return value;
    const variable = ENV_REFERENCE.exec(value)?.[1];
    const file = FILE_REFERENCE.exec(value)?.[1];
    let secret: string | undefined;
    if (variable !== undefined) secret = this.environment[variable];
    if (file !== undefined)
      secret = await readFile(join(this.secretsDir, file), 'utf8').catch(() => undefined);
    if (secret === undefined || secret === '')
      throw new UpstreamSetupError(`the reference ${value} leads nowhere`);
    return secret.trimEnd();
  }
}
