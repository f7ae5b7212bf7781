import { ConfigError } from '@behavry/platform';
import { loadSettings } from './opa-keeper.config';

const TOKEN = 'x'.repeat(32);

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadSettings(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe("the keeper's configuration", () => {
  it('needs nothing for a socket, and nothing on loopback', () => {
    expect(loadSettings({}).listen).toEqual({ kind: 'socket', path: '/run/opa/opa.sock' });
    expect(faultsOf({ BEHAVRY_OPA_LISTEN: '127.0.0.1:8181' })).toEqual([]);
  });

  it('opens no port to the network without a token', () => {
    expect(faultsOf({ BEHAVRY_OPA_LISTEN: '0.0.0.0:8181' })).toEqual([
      expect.stringMatching(/^BEHAVRY_OPA_TOKEN must be set where OPA listens/),
    ]);
    expect(faultsOf({ BEHAVRY_OPA_LISTEN: '0.0.0.0:8181', BEHAVRY_OPA_TOKEN: TOKEN })).toEqual([]);
  });

  it('fetches nothing without a token', () => {
    const url = { BEHAVRY_OPA_FILES_URL: 'http://license-service:8001' };
    expect(faultsOf(url)).toEqual([expect.stringMatching(/^BEHAVRY_OPA_TOKEN must be set to fetch/)]);
    expect(faultsOf({ ...url, BEHAVRY_OPA_TOKEN: TOKEN })).toEqual([]);
  });

  it('says all faults at once, and never a token', () => {
    const faults = faultsOf({
      BEHAVRY_OPA_LISTEN: 'opa.sock',
      BEHAVRY_OPA_FILES_DIR: '/data,x=y',
      BEHAVRY_OPA_FILES_URL: 'license-service',
      BEHAVRY_OPA_TOKEN: 'short',
    });
    expect(faults.map((fault) => fault.split(' ')[0]).sort()).toEqual([
      'BEHAVRY_OPA_FILES_DIR',
      'BEHAVRY_OPA_FILES_URL',
      'BEHAVRY_OPA_LISTEN',
      'BEHAVRY_OPA_TOKEN',
    ]);
    expect(faults.join()).not.toContain('short');
  });
});
