import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getOpa, OLDEST_OPA, OPA_VERSION } from '../src';
import { opaReleaseFile } from '../src/opa/opa-download';

/** A program that says it is OPA; what the getter asks of it is its version. */
const programOf = (version: string): string => `#!/bin/sh\necho "Version: ${version}"\n`;

interface Mirror {
  readonly base: string;
  readonly asked: string[];
  close(): void;
}

let folder = '';
const mirrors: Mirror[] = [];
const before = { path: process.env['PATH'], cache: process.env['XDG_CACHE_HOME'] };

async function mirror(answers: Readonly<Record<string, string>>): Promise<Mirror> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const body = answers[path];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const made = {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/releases`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  mirrors.push(made);
  return made;
}

const release = `/releases/v${OPA_VERSION}/${opaReleaseFile(process.platform, process.arch)}`;

const program = programOf(OPA_VERSION);
const digest = createHash('sha256').update(program).digest('hex');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'get-opa-'));
  mkdirSync(join(folder, 'bin'));
  // No opa and no go, only what a shell script needs.
  process.env['PATH'] = `${join(folder, 'bin')}:/bin`;
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
});

afterEach(() => {
  for (const made of mirrors.splice(0)) made.close();
  process.env['PATH'] = before.path;
  if (before.cache === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = before.cache;
});

function put(file: string, version: string): string {
  writeFileSync(file, programOf(version));
  chmodSync(file, 0o755);
  return file;
}

describe('getting OPA', () => {
  it('takes the one that is named, and fails clearly when it is none', async () => {
    const named = put(join(folder, 'mine'), '1.30.0');
    expect(await getOpa({ dataDir: folder, env: { BEHAVRY_OPA_BIN: named } })).toMatchObject({
      command: named,
      version: '1.30.0',
    });
    await expect(getOpa({ dataDir: folder, env: { BEHAVRY_OPA_BIN: '/nowhere' } })).rejects.toThrow(
      /BEHAVRY_OPA_BIN=\/nowhere is not an OPA/u,
    );
  });

  it('takes the one on PATH when it is new enough', async () => {
    put(join(folder, 'bin', 'opa'), OLDEST_OPA);
    expect((await getOpa({ dataDir: folder, env: {} })).source).toBe('PATH');
  });

  it('fetches the official release once, checks it, and finds it again', async () => {
    put(join(folder, 'bin', 'opa'), '1.22.1');
    const { base, asked } = await mirror({ [release]: program });
    const said: string[] = [];
    const env = { BEHAVRY_OPA_DOWNLOAD_URL: base, BEHAVRY_OPA_SHA256: digest };
    const fetched = await getOpa({ dataDir: folder, env, say: (line) => said.push(line) });
    expect(fetched).toMatchObject({ version: OPA_VERSION, source: `official release from ${base}` });
    expect(said[0]).toContain('is not here yet');
    expect((await getOpa({ dataDir: folder, env })).source).toBe('fetched before');
    expect(asked).toEqual([release]);
  });

  it('refuses a release with another checksum and keeps nothing of it', async () => {
    const { base } = await mirror({ [release]: program, [`${release}.sha256`]: digest });
    const env = { BEHAVRY_OPA_DOWNLOAD_URL: base, BEHAVRY_OPA_SHA256: '0'.repeat(64) };
    await expect(getOpa({ dataDir: folder, env })).rejects.toThrow(
      /its SHA-256 is [0-9a-f]{64}, BEHAVRY_OPA_SHA256 says 0{64}/u,
    );
    expect(readdirSync(join(folder, 'cache', 'behavry'))).toEqual([]);
  });

  it('fetches nothing whose checksum only its own server knows', async () => {
    const { base, asked } = await mirror({ [release]: program, [`${release}.sha256`]: digest });
    const attempt = getOpa({ dataDir: folder, env: { BEHAVRY_OPA_DOWNLOAD_URL: base } });
    await expect(attempt).rejects.toThrow(/set BEHAVRY_OPA_SHA256 to the digest of opa_/u);
    expect(asked).toEqual([]);
  });

  it('says everything it tried and what to do when there is none to be had', async () => {
    const { base } = await mirror({});
    const attempt = getOpa({
      dataDir: folder,
      env: { BEHAVRY_OPA_DOWNLOAD_URL: base, BEHAVRY_OPA_SHA256: digest },
    });
    await expect(attempt).rejects.toThrow(
      /answered 404[\s\S]*no Go toolchain on PATH[\s\S]*BEHAVRY_OPA_BIN/u,
    );
    const unreachable = getOpa({
      dataDir: folder,
      env: { BEHAVRY_OPA_DOWNLOAD_URL: 'http://127.0.0.1:9', BEHAVRY_OPA_SHA256: digest },
    });
    await expect(unreachable).rejects.toThrow(/fetch failed/u);
  });

  it('builds it with Go when the release cannot be had', async () => {
    const go = join(folder, 'bin', 'go');
    const script = `#!/bin/sh\nmkdir -p "$GOBIN"\nprintf '%s' "$OPA_SCRIPT" > "$GOBIN/opa"\necho "$@" > "${folder}/asked"\n`;
    writeFileSync(go, script);
    chmodSync(go, 0o755);
    process.env['OPA_SCRIPT'] = programOf(OPA_VERSION);
    const found = await getOpa({ dataDir: folder, env: { BEHAVRY_OPA_DOWNLOAD_URL: 'http://127.0.0.1:9' } });
    delete process.env['OPA_SCRIPT'];
    expect(found).toMatchObject({ version: OPA_VERSION, source: 'built with the Go toolchain' });
  });
});
