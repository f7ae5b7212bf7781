import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const ENV_REFERENCE = /^env:(BEHAVRY_SECRET_[A-Z0-9_]+)$/;
const FILE_REFERENCE = /^file:([A-Za-z0-9_][A-Za-z0-9._-]*)$/;
const RECEIVER_ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** The file of a receiver's folder that names who may get what lies in it. */
const HOSTS_FILE = 'hosts';
/** Keys of model providers belong to llm-proxy, which sends each to its provider alone. */
const PROVIDER_KEYS = ['OPENAI', 'ANTHROPIC', 'GEMINI', 'OLLAMA'].map((name) => `BEHAVRY_SECRET_${name}_KEY`);

/** A reference that cannot be followed. The message names the reference and what to do, never a value. */
export class SecretReferenceError extends Error {}

/** Who is to get a secret: a server or provider behind a URL, or a server that is a process of this plane. */
export interface SecretReceiver {
  /** Of the server or provider. */
  readonly id: string;
  /** Undefined for a process. */
  readonly url: URL | undefined;
}

/**
 * Turns references of a registered server or provider into secrets, on this plane and nowhere else, and only for those
 * whom the plane's operator has named: hosts for what is behind a URL, the server's id for a process. What the registry
 * says can therefore never bring a secret to another host.
 */
export class UpstreamSecrets {
  /**
   * @param environment holds `BEHAVRY_SECRET_<NAME>`, or the file that has it as `…_FILE`, with `…_HOSTS` and `…_SERVERS` beside it
   * @param folder holds a folder a server or provider, the only place that `file:` reaches
   * @param withheld variables that are given to nobody, whatever the lists say
   */
  constructor(
    private readonly environment: Readonly<Record<string, string | undefined>>,
    private readonly folder: string,
    private readonly withheld: readonly string[] = PROVIDER_KEYS,
  ) {}

  /**
   * @returns the values with their references resolved
   * @throws SecretReferenceError
   */
  async resolve(
    values: Readonly<Record<string, string>>,
    receiver: SecretReceiver,
  ): Promise<Record<string, string>> {
    const entries = await Promise.all(
      Object.entries(values).map(async ([name, value]) => [name, await this.#one(value, receiver)] as const),
    );
    return Object.fromEntries(entries);
  }

  async #one(value: string, receiver: SecretReceiver): Promise<string> {
    if (!/^(env|file):/i.test(value)) return value;
    const variable = ENV_REFERENCE.exec(value)?.[1];
    const file = FILE_REFERENCE.exec(value)?.[1];
    const secret =
      variable === undefined
        ? await this.#fromFile(value, file, receiver)
        : await this.#fromVariable(variable, receiver);
    if (secret === undefined || secret.trim() === '')
      throw new SecretReferenceError(`the reference ${value} leads nowhere`);
    return secret.trimEnd();
  }

  async #fromVariable(variable: string, { id, url }: SecretReceiver): Promise<string | undefined> {
    if (this.withheld.includes(variable))
      throw new SecretReferenceError(`${variable} is a model provider's key and is given to no MCP server`);
    const listName = `${variable}_${url === undefined ? 'SERVERS' : 'HOSTS'}`;
    const list = (this.environment[listName] ?? '').split(',').map((entry) => entry.trim());
    const isBound = url === undefined ? list.includes(id) : isOneOf(url, list);
    if (!isBound)
      throw new SecretReferenceError(
        `${variable} is not for ${nameOf(id, url)}: ${listName} does not name it`,
      );
    const file = this.environment[`${variable}_FILE`];
    return file ? quietly(file) : this.environment[variable];
  }

  async #fromFile(
    reference: string,
    file: string | undefined,
    { id, url }: SecretReceiver,
  ): Promise<string | undefined> {
    if (file === undefined || file === HOSTS_FILE || !RECEIVER_ID.test(id)) return undefined;
    const read = (name: string): Promise<string | undefined> => quietly(join(this.folder, id, name));
    if (url !== undefined && !isOneOf(url, ((await read(HOSTS_FILE)) ?? '').split(/\s+/)))
      throw new SecretReferenceError(
        `${reference} is not for ${nameOf(id, url)}: ${join(basename(this.folder), id, HOSTS_FILE)} in the folder of secrets does not name it`,
      );
    return read(file);
  }
}

function quietly(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

/** An entry is an origin; a bare host stands for its https origin, so that nothing is sent in clear by oversight. */
function isOneOf(url: URL, entries: readonly string[]): boolean {
  return entries
    .filter((entry) => entry !== '')
    .map((entry) => (/^https?:\/\//.test(entry) ? entry : `https://${entry}`))
    .some((entry) => URL.canParse(entry) && new URL(entry).origin === url.origin);
}

function nameOf(id: string, url: URL | undefined): string {
  return url === undefined ? `server ${id}` : url.origin;
}
