import { IsString, MinLength } from 'class-validator';
import { Env } from './env';
import { ConfigError, loadConfig } from './load-config';
import { ServiceConfig } from './service-config';

class ProbeConfig extends ServiceConfig {
  @Env('BEHAVRY_PROBE_SECRET', { description: 'x', sensitive: true })
  @IsString()
  @MinLength(8)
  secret!: string;

  @Env('BEHAVRY_PROBE_ENABLED', { description: 'x' })
  isEnabled: boolean = false;

  @Env('BEHAVRY_PROBE_LIST', { description: 'x' })
  list: string[] = [];
}

const GOOD = { BEHAVRY_DB_URL: 'postgres://h/d', BEHAVRY_PROBE_SECRET: 'long enough' };

describe('configuration', () => {
  it('reads numbers, booleans and lists from text', () => {
    const config = loadConfig(ProbeConfig, {
      ...GOOD,
      BEHAVRY_PORT: '9000',
      BEHAVRY_PROBE_ENABLED: 'true',
      BEHAVRY_PROBE_LIST: 'a, b,,c',
    });
    expect(config).toMatchObject({ port: 9000, isEnabled: true, list: ['a', 'b', 'c'], mode: 'standalone' });
  });

  it('reports every fault at once, by the name of its variable, without repeating a secret', () => {
    let faults: readonly string[] = [];
    try {
      loadConfig(ProbeConfig, {
        BEHAVRY_PORT: 'many',
        BEHAVRY_DEPLOYMENT_MODE: 'hybrid',
        BEHAVRY_PROBE_ENABLED: 'yes',
        BEHAVRY_PROBE_SECRET: 'hunter2',
      });
    } catch (error) {
      faults = (error as ConfigError).faults;
    }
    const named = faults.map((fault) => fault.split(' ')[0]).sort();
    expect(named).toEqual([
      'BEHAVRY_DB_URL',
      'BEHAVRY_DEPLOYMENT_MODE',
      'BEHAVRY_PORT',
      'BEHAVRY_PROBE_ENABLED',
      'BEHAVRY_PROBE_SECRET',
    ]);
    expect(faults.join('\n')).not.toContain('hunter2');
  });

  it('treats an empty variable as not set', () => {
    expect(loadConfig(ProbeConfig, { ...GOOD, BEHAVRY_REDIS_URL: '' }).redisUrl).toBeUndefined();
  });
});
