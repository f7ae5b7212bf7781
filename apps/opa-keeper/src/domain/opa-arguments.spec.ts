import { opaArguments, opaEnvironment, type OpaPlan } from './opa-arguments';

const PLAN: OpaPlan = {
  socket: '/run/opa/opa.sock.1',
  configFile: '/tmp/1.yaml',
  filesDir: '/data/opa',
  paths: ['/opt/authz.rego'],
  hasToken: false,
  hasAuthorization: true,
};
const ofPlan = (changes: Partial<OpaPlan>): string => opaArguments({ ...PLAN, ...changes }).join(' ');

describe("OPA's arguments", () => {
  it('open its socket to its own user alone, and say themselves where its files lie', () => {
    expect(ofPlan({})).toContain('--addr unix:///run/opa/opa.sock.1 --unix-socket-perm 600');
    expect(ofPlan({})).toContain('credentials.bearer.token_path=/data/opa/token');
    expect(ofPlan({})).toContain('--set persistence_directory=/data/opa/bundles');
    expect(ofPlan({})).toMatch(/-c \/tmp\/1\.yaml \/opt\/authz\.rego$/);
  });

  it('open a port only when there is one', () => {
    expect(ofPlan({}).match(/--addr/g)).toHaveLength(1);
    expect(ofPlan({ tcp: '0.0.0.0:8181' })).toContain('--addr 0.0.0.0:8181 --shutdown-wait-period 3');
  });

  it.each([
    [false, false, false, false],
    [false, true, false, true],
    [true, true, true, true],
    [true, false, true, true],
  ])('with a token (%s) and asked to guard (%s): authentication %s, authorization %s', (...row) => {
    const [hasToken, hasAuthorization, authenticates, authorizes] = row;
    const text = ofPlan({ hasToken, hasAuthorization });
    expect(text.includes('--authentication=token')).toBe(authenticates);
    expect(text.includes('--authorization=basic')).toBe(authorizes);
  });
});

describe("OPA's environment", () => {
  it('holds what it needs to reach its service and nothing of the plane', () => {
    const own = {
      PATH: '/bin',
      HTTPS_PROXY: 'http://proxy:3128',
      BEHAVRY_OPA_TOKEN: 'secret',
      AWS_SECRET_ACCESS_KEY: 'secret',
      NODE_OPTIONS: '--x',
    };
    expect(opaEnvironment(own)).toEqual({
      PATH: '/bin',
      HTTPS_PROXY: 'http://proxy:3128',
      GOGC: '800',
      GOMEMLIMIT: '512MiB',
    });
    expect(opaEnvironment({ GOMEMLIMIT: '128MiB' })).toEqual({ GOGC: '800', GOMEMLIMIT: '128MiB' });
  });
});
