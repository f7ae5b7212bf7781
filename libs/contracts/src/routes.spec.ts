import { appRunsIn, appsOf } from './apps';
import { type MODES } from './modes';
import { ROUTE_TABLE, routeFor } from './routes';

describe('the route table', () => {
  it('gives each mode exactly the groups of the contract', () => {
    const groups = (mode: string): string[] =>
      ROUTE_TABLE.filter(({ modes }) => modes.some((each) => each === mode)).map(({ group }) => group);
    expect(groups('standalone')).toHaveLength(ROUTE_TABLE.length);
    expect(groups('control-plane')).toEqual(
      ROUTE_TABLE.map(({ group }) => group).filter(
        (group) =>
          !['mcp', 'llm', 'audit', 'sessions', 'browser', 'behavior', 'risk', 'escalations'].includes(group),
      ),
    );
    expect(groups('data-plane')).toEqual([
      'health',
      'jwks',
      'auth',
      'admin',
      'signup',
      'data-plane-tokens',
      'license',
      'mcp',
      'llm',
      'audit',
      'sessions',
      'browser',
      'behavior',
      'risk',
      'escalations',
    ]);
  });

  it('never sends a path to an app that does not run in that mode', () => {
    for (const { app, modes } of ROUTE_TABLE) {
      for (const mode of modes)
        expect(`${app} in ${mode}: ${String(appRunsIn(app, mode))}`).toBe(`${app} in ${mode}: true`);
    }
  });

  it.each([
    ['/api/v1/admin/users', 'identity-jwks'],
    ['/api/v1/admin/license', 'license-service'],
    ['/api/v1/admin/data-plane-tokens/x', 'license-service'],
    ['/api/v1/policies', 'policy-service'],
    ['/api/v1/model-settings', 'policy-service'],
    ['/api/v1/policy-candidates/1', 'policy-service'],
    ['/api/v1/enroll', 'identity-jwks'],
    ['/api/v1/enrollment/tokens', 'identity-jwks'],
    ['/mcp/v1/files', 'mcp-proxy'],
    ['/api/v1/usage', 'audit-writer'],
    ['/api/v1/openai/v1/chat/completions', 'llm-proxy'],
    ['/api/v1/opa/bundle/t', 'bundle-server'],
  ])('sends %s to %s', (path, app) => {
    expect(routeFor(path)?.app).toBe(app);
  });

  it.each([
    '/',
    '/api/v1',
    '/api/v1/policiesx',
    '/api/v1/enrollx',
    '/mcp/v10',
    '/internal/claims',
    '/metrics',
  ])('owns nothing at %s', (path) => {
    expect(routeFor(path)).toBeUndefined();
  });

  it('names no prefix twice', () => {
    const prefixes = ROUTE_TABLE.flatMap((row) => row.prefixes);
    expect(new Set(prefixes).size).toBe(prefixes.length);
  });
});

describe('modes', () => {
  it('are lists of apps', () => {
    const names = (mode: (typeof MODES)[number]): string[] => appsOf(mode).map(({ name }) => name);
    expect(names('standalone')).toHaveLength(9);
    expect(names('control-plane')).toEqual([
      'identity-jwks',
      'policy-service',
      'bundle-server',
      'license-service',
    ]);
    expect(names('data-plane')).toEqual([
      'identity-jwks',
      'license-service',
      'mcp-proxy',
      'llm-proxy',
      'audit-writer',
      'behavior-monitor',
      'escalation-worker',
    ]);
  });
});
