import type { KillScope } from '@behavry/contracts';
import { killSwitchFor } from './kill-switch';

const target = { tenantId: 't1', agentId: 'a1', serverId: 's1', toolName: 'echo', model: 'gpt-5' };
const stops = (scope: KillScope, name: string): boolean =>
  killSwitchFor([{ id: 'k', scope, target: name, reason: 'drill' }], target) !== undefined;

describe('kill switches', () => {
  it.each([
    ['tenant', 't1'],
    ['agent', 'a1'],
    ['mcp_server', 's1'],
    ['tool', 'echo'],
    ['tool', 's1/echo'],
    ['model', 'gpt-5'],
  ] as const)('%s %s stops the exchange', (scope, name) => {
    expect(stops(scope, name)).toBe(true);
  });

  it.each([
    ['tenant', 't2'],
    ['agent', 't1'],
    ['mcp_server', 's2'],
    ['tool', 's2/echo'],
    ['tool', 'ech'],
    ['model', 'gpt-5-mini'],
    ['model', 'echo'],
  ] as const)('%s %s does not', (scope, name) => {
    expect(stops(scope, name)).toBe(false);
  });

  it('an empty name never matches an exchange without server, tool or model', () => {
    const nothing = { ...target, serverId: '', toolName: '', model: '' };
    for (const scope of ['tool', 'mcp_server', 'model'] as const)
      expect(killSwitchFor([{ id: 'k', scope, target: '', reason: '' }], nothing)).toBeUndefined();
  });
});
