import { normaliseCall, verbOf } from './normalise-action';

describe('the normaliser', () => {
  it.each([
    ['read_file', 'read', 'read'],
    ['deleteRepository', 'delete', 'delete'],
    ['get-sum', 'get', 'read'],
    ['create/issue', 'create', 'write'],
    ['send_email', 'send', 'send'],
    ['execute_command', 'execute', 'execute'],
    ['echo', 'echo', 'read'],
    ['printEnv', 'print', 'read'],
    ['HTTPRequest', 'httprequest', 'unknown'],
    ['frobnicate', 'frobnicate', 'unknown'],
    ['fs_delete_file', 'fs', 'delete'],
    ['find_and_remove', 'find', 'delete'],
    ['get_commit', 'get', 'read'],
    ['githubListAndRunCommit', 'github', 'execute'],
    ['notes-list', 'notes', 'read'],
  ])('%s does %s (%s)', (tool, action, actionClass) => {
    expect(normaliseCall(tool, {})).toMatchObject({ action, actionClass });
  });

  it('takes the resource from the most telling argument', () => {
    expect(normaliseCall('x', { command: 'ls', path: '/a' }).resource).toBe('/a');
    expect(normaliseCall('x', { table: 'users' }).resource).toBe('users');
    expect(normaliseCall('x', { other: 'users' }).resource).toBe('');
    expect(normaliseCall('x', { path: ['/a', '/b'] }).resource).toBe('/a');
    expect(normaliseCall('x', null).resource).toBe('');
  });

  it('counts the largest list', () => {
    expect(normaliseCall('x', { a: [1, 2, 3], b: [1] }).resourceCount).toBe(3);
    expect(normaliseCall('x', {}).resourceCount).toBe(1);
    expect(normaliseCall('x', { a: { b: [{ c: [1, 2, 3, 4] }] } }).resourceCount).toBe(4);
  });

  it('has a verb for an empty name', () => {
    expect(verbOf('')).toBe('');
  });
});
