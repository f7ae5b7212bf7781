import { execFileSync } from 'node:child_process';

/** What Git knows about the workspace. */
export class Git {
  constructor(private readonly root: string) {}

  /** @returns full hash of the present commit */
  commit(): string {
    return this.run('rev-parse', 'HEAD').trim();
  }

  /** @returns when the present commit was made, to the second */
  time(): Date {
    return new Date(Number(this.run('log', '-1', '--format=%ct').trim()) * 1_000);
  }

  /** @returns files that differ from the commit or are not in it, as `git status` names them */
  changed(): readonly string[] {
    return this.run('status', '--porcelain').split('\n').filter(Boolean);
  }

  /** @returns path and mode of all files of the commit below some paths */
  files(...below: string[]): readonly { readonly path: string; readonly mode: number }[] {
    const records = this.run('ls-files', '-z', '--stage', '--', ...below).split('\0');
    return records.filter(Boolean).map((record) => {
      const [head = '', path = ''] = record.split('\t');
      return { path, mode: head.startsWith('100755') ? 0o755 : 0o644 };
    });
  }

  private run(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  }
}
