import { BLAST_RADIUS_DEFAULTS, judgeBlastRadius } from './blast-radius';
import { normaliseCall } from '../normalise/normalise-action';

const judge = (tool: string, args: Record<string, unknown>): string | undefined => {
  const call = normaliseCall(tool, args);
  const found = judgeBlastRadius({ ...call, arguments: args }, BLAST_RADIUS_DEFAULTS);
  return found && `${found.verdict}:${found.rule}`;
};
const many = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `a${String(index)}@example.com`);

describe('blast radius', () => {
  it.each([
    ['/'],
    ['/data'],
    ['/data/x'],
    ['/data/x/*'],
    ['/data/../data/x'],
    ['//data///x/'],
    ['~'],
    ['C:\\data'],
    ['file:///data/%2e%2e/x'],
    ['notes.txt'],
    ['/data/x/y/..'],
  ])('denies deleting %s', (path) => {
    expect(judge('delete_file', { path })).toBe('deny:shallow_delete');
  });

  it('lets a deep delete pass', () => {
    expect(judge('delete_file', { path: '/data/projects/old/file.txt' })).toBeUndefined();
  });

  it('looks at every path of a delete', () => {
    expect(judge('remove', { paths: ['/a/b/c/d', '/etc'] })).toBe('deny:shallow_delete');
    expect(judge('remove', { targetDir: '/srv' })).toBe('deny:shallow_delete');
  });

  it('does not take names or addresses for paths', () => {
    expect(judge('delete_record', { table: 'users' })).toBeUndefined();
    expect(judge('delete_item', { url: 'https://example.com/x' })).toBeUndefined();
    expect(judge('delete_item', { profile_name: '/x' })).toBeUndefined();
  });

  it('finds paths however they are nested and named', () => {
    expect(judge('fs_remove', { edits: [{ path: '/a/b/c/d' }, { path: '/x' }] })).toBe('deny:shallow_delete');
    expect(judge('remove', { options: { fileName: '/x' } })).toBe('deny:shallow_delete');
    expect(judge('remove', { paths: [['/x']] })).toBe('deny:shallow_delete');
    expect(judge('write_file', { options: { targetPath: '/etc/passwd' } })).toBe('escalate:config_write');
  });

  it('takes a verb that says nothing for a writing one', () => {
    expect(judge('frobnicate', { path: '/etc/passwd' })).toBe('escalate:config_write');
    expect(judge('frobnicate', { path: '/srv/a/.env' })).toBe('escalate:protected_file');
    expect(judge('frobnicate', { path: '/srv' })).toBeUndefined();
  });

  it('looks at fifty paths, and lets nobody release a delete of more', () => {
    const paths = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => `/srv/data/x/${String(index)}`);
    const tell = (count: number): object => ({ a: paths(count).map((path) => ({ path })) });
    expect(judge('write_files', tell(50) as never)).toBeUndefined();
    expect(judge('write_files', tell(51) as never)).toBe('escalate:many_paths');
    expect(judge('delete_files', tell(51) as never)).toBe('deny:many_paths');
    expect(judge('read_files', tell(50) as never)).toBeUndefined();
  });

  it('does not follow a path that climbs more often than any real one', () => {
    const hidden = `/srv${'/a/..'.repeat(9)}/b/c/d/e`;
    expect(judge('delete_file', { path: hidden })).toBe('deny:shallow_delete');
    expect(judge('write_file', { path: hidden })).toBe('escalate:config_write');
    expect(judge('write_file', { path: hidden.replace('/a/..', '') })).toBeUndefined();
  });

  it('sees through malformed escapes and short file addresses', () => {
    expect(judge('delete_file', { path: 'file:///srv/a/%2e%2e/%zz' })).toBe('deny:shallow_delete');
    expect(judge('delete_file', { path: 'file:///srv/a/%2e%2e/%ff' })).toBe('deny:shallow_delete');
    expect(judge('write_file', { path: 'file:/etc/passwd' })).toBe('escalate:config_write');
  });

  it('counts the recipients of a nested message once', () => {
    const to = many(6).map((email) => ({ email }));
    expect(judge('send_email', { message: { to } })).toBeUndefined();
    expect(judge('send_email', { message: { to: many(11) } })).toBe('escalate:many_recipients');
  });

  it.each([
    ['/etc/passwd'],
    ['/root/x/y'],
    ['~/.ssh/config'],
    ['/home/bob/.aws/credentials'],
    ['/srv/../etc/hosts'],
  ])('escalates a write to %s', (path) => {
    expect(judge('write_file', { path })).toBe('escalate:config_write');
  });

  it.each([['/work/a/MEMORY.md'], ['/work/a/soul'], ['/work/a/.env'], ['/work/a/.env.production']])(
    'escalates a write to the protected %s',
    (path) => {
      expect(judge('write_file', { path })).toBe('escalate:protected_file');
    },
  );

  it('lets a read of the same paths pass', () => {
    expect(judge('read_file', { path: '/etc/passwd' })).toBeUndefined();
  });

  it('escalates above ten recipients and above fifty items, not at the limits', () => {
    expect(judge('send_email', { to: many(10) })).toBeUndefined();
    expect(judge('send_email', { to: many(6), cc: many(5).join(', ') })).toBe('escalate:many_recipients');
    expect(judge('update_rows', { ids: many(50) })).toBeUndefined();
    expect(judge('update_rows', { ids: many(51) })).toBe('escalate:bulk_action');
  });
});
