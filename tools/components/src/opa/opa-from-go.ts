import { spawn } from 'node:child_process';
import { copyFile, chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { OPA_VERSION } from './opa-version';

const REPORT_MS = 15_000;

/**
 * Builds OPA with the machine's Go toolchain. Takes minutes.
 * @param go the `go` command
 * @param target where the program goes
 * @throws Error with the last lines of the build when it fails
 */
export async function buildOpaWithGo(go: string, target: string, say: (line: string) => void): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'behavry-go-'));
  const started = performance.now();
  const report = setInterval(() => {
    say(
      `building OPA with Go: ${Math.round((performance.now() - started) / 1000)} s so far, usually 2 to 4 minutes`,
    );
  }, REPORT_MS);
  try {
    await install(go, work);
    await mkdir(dirname(target), { recursive: true });
    const partial = `${target}.${process.pid}.part`;
    await copyFile(join(work, 'bin', 'opa'), partial);
    await chmod(partial, 0o755);
    await rename(partial, target);
  } finally {
    clearInterval(report);
    await rm(work, { recursive: true, force: true });
  }
}

async function install(go: string, work: string): Promise<void> {
  // Without a home Go has no place for its caches.
  const caches = process.env['HOME'] ? {} : { GOPATH: join(work, 'path'), GOCACHE: join(work, 'cache') };
  const child = spawn(go, ['install', '-modcacherw', `github.com/open-policy-agent/opa@v${OPA_VERSION}`], {
    env: { ...process.env, ...caches, GOBIN: join(work, 'bin'), CGO_ENABLED: '0', GOFLAGS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const end = (): boolean => child.kill();
  process.once('exit', end);
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2_000)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  process.off('exit', end);
  if (code !== 0) throw new Error(`go install ended with code ${code}: ${output.trim()}`);
}
