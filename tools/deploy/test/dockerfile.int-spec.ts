import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOnPath, pythonTools } from '@behavry/components';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..', '..');

/** Without Python it is skipped by name, in continuous integration it fails. */
const withPython = findOnPath('python3') !== undefined || process.env['CI'] === 'true' ? it : it.skip;

/**
 * Version pins of Debian packages (DL3008) hold nothing: a mirror keeps only the newest. A base image named by a build
 * argument has its tag there (DL3006).
 */
const IGNORED = ['DL3006', 'DL3008'];

describe('the Dockerfiles', () => {
  /** What hadolint says from a warning on; nothing is good. */
  const lint = async (...options: string[]): Promise<string> => {
    const bin = await pythonTools('hadolint', join(ROOT, 'tools', 'deploy', 'hadolint.txt'));
    const ignored = IGNORED.flatMap((rule) => ['--ignore', rule]);
    const args = ['--no-color', '--failure-threshold', 'warning', ...ignored, ...options];
    return run(join(bin, 'hadolint'), args, { cwd: ROOT }).then(
      () => '',
      (error: unknown) => (error as { stdout: string }).stdout || String(error),
    );
  };

  withPython.each(['docker/Dockerfile', 'docker/stand-ins/Dockerfile'])(
    '%s has no fault that hadolint knows',
    async (file) => {
      expect(await lint(file)).toBe('');
    },
    120_000,
  );

  withPython('would be told of one', async () => {
    expect(await lint('docker/Dockerfile', '--disable-ignore-pragma')).toContain('DL3003');
  });
});
