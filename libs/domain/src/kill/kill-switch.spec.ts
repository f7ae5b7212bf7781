import type { KillScope } from '@behavry/contracts';
import { killSwitchFor } from './kill-switch';

const target = { tenantId: 't1', agentId: 'a1', serverId: 's1', toolName: 'echo' };
const stops = (scope: KillScope, name: string): boolean =>
  killSwitchFor([{ id: 'k', scope, target: name, reason: 'drill' }], target) !== undefined;

describe('kill switches', () => {
  it.each([
    ['tenant', 't1'],
    ['agent', 'a1'],
    ['mcp_server', 's1'],
    ['tool', 'echo'],
    ['tool', 's1/echo'],
  ] as const)('%s %s stops the exchange', (scope, name) => {
    expect(stops(scope, name)).toBe(true);
  });

  it.each([
    ['tenant', 't2'],
    ['agent', 't1'],
    ['mcp_server', 's2'],
    ['tool', 's2/echo'],
    ['tool', 'ech'],
  ] as const)('%s %s does not', (scope, name) => {
    expect(stops(scope, name)).toBe(false);
  });

  it('an empty name never matches an exchange without server or tool', () => {
    const nothing = { ...target, serverId: '', toolName: '' };
    expect(killSwitchFor([{ id: 'k', scope: 'tool', target: '', reason: '' }], nothing)).toBeUndefined();
  });
});
