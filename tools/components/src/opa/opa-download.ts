import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { OPA_VERSION } from './opa-version';

/** Where the project publishes its releases; a mirror of the same shape may stand in for it. */
export const OPA_RELEASES = 'https://github.com/open-policy-agent/opa/releases/download';

const STALL_MS = 30_000;
const REPORT_BYTES = 10 * 1024 * 1024;

/** Name of the release file for a machine, for example `opa_linux_amd64_static`. */
export function opaReleaseFile(platform: NodeJS.Platform, arch: string): string {
  const cpu = arch === 'x64' ? 'amd64' : arch;
  if (platform === 'win32') return `opa_windows_${cpu}.exe`;
  const isStatic = platform === 'linux' || (platform === 'darwin' && cpu === 'arm64');
  return `opa_${platform}_${cpu}${isStatic ? '_static' : ''}`;
}

/**
 * Fetches the official release and keeps it only when it is the file that it must be. What the release's own server
 * says about it is not asked: whoever can change the one can change the other.
 * @param base address of the releases, without a trailing slash
 * @param sha256 hex digest that the file must have
 * @param target where the program goes
 * @throws Error with the reason: not reachable, not there, stalled, wrong checksum
 */
export async function downloadOpa(
  base: string,
  sha256: string,
  target: string,
  say: (line: string) => void,
): Promise<void> {
  const address = `${base.replace(/\/+$/u, '')}/v${OPA_VERSION}/${opaReleaseFile(process.platform, process.arch)}`;
  const agent = new EnvHttpProxyAgent({
    connect: { timeout: 15_000 },
    headersTimeout: STALL_MS,
    bodyTimeout: STALL_MS,
  });
  const partial = `${target}.${process.pid}.part`;
  try {
    const response = await get(address, agent);
    await mkdir(dirname(target), { recursive: true });
    const actual = await store(response, partial, say);
    if (actual !== sha256.toLowerCase())
      throw new Error(`its SHA-256 is ${actual}, BEHAVRY_OPA_SHA256 says ${sha256}`);
    await chmod(partial, 0o755);
    await rename(partial, target);
  } catch (error) {
    throw new Error(`${address}: ${reasonOf(error)}`, { cause: error });
  } finally {
    await rm(partial, { force: true });
    await agent.close();
  }
}

async function get(address: string, dispatcher: EnvHttpProxyAgent): Promise<Response> {
  const response = await fetch(address, { dispatcher });
  if (response.ok) return response;
  await response.body?.cancel();
  throw new Error(`answered ${response.status}`);
}

async function store(response: Response, file: string, say: (line: string) => void): Promise<string> {
  if (response.body === null) throw new Error('the answer is empty');
  const total = Number(response.headers.get('content-length') ?? 0);
  const hash = createHash('sha256');
  let received = 0;
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const before = Math.floor(received / REPORT_BYTES);
      received += chunk.length;
      hash.update(chunk);
      if (Math.floor(received / REPORT_BYTES) > before)
        say(`fetching OPA: ${megabytes(received)} of ${megabytes(total)}`);
      done(null, chunk);
    },
  });
  await pipeline(response.body, watch, createWriteStream(file, { mode: 0o600 }));
  return hash.digest('hex');
}

function megabytes(bytes: number): string {
  return bytes === 0 ? '?' : `${Math.round(bytes / 1024 / 1024)} MB`;
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
