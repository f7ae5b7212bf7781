import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  it('reads a text from a file, and says which file cannot be read or is one too many', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'behavry-config-')), 'secret');
    writeFileSync(file, 'from a file\n');
    const given = { BEHAVRY_DB_URL: 'postgres://h/d', BEHAVRY_PROBE_SECRET_FILE: file };
    expect(loadConfig(ProbeConfig, given).secret).toBe('from a file');
    const faultsOf = (environment: Record<string, string>): readonly string[] => {
      try {
        loadConfig(ProbeConfig, environment);
        return [];
      } catch (error) {
        return (error as ConfigError).faults;
      }
    };
    expect(faultsOf({ ...given, BEHAVRY_PROBE_SECRET: 'in the clear' })).toEqual([
      'BEHAVRY_PROBE_SECRET and BEHAVRY_PROBE_SECRET_FILE cannot both be set',
    ]);
    expect(faultsOf({ ...given, BEHAVRY_PROBE_SECRET_FILE: `${file}.not` })).toEqual([
      `BEHAVRY_PROBE_SECRET_FILE names ${file}.not, which cannot be read (ENOENT)`,
    ]);
    writeFileSync(file, ' \n');
    expect(faultsOf(given)).toEqual([`BEHAVRY_PROBE_SECRET_FILE names ${file}, which is empty`]);
    writeFileSync(file, 'short');
    expect(faultsOf(given).join()).toMatch(/^BEHAVRY_PROBE_SECRET must be longer/);
    // Only texts: a number in a file would be a number that nobody sees.
    expect(loadConfig(ProbeConfig, { ...GOOD, BEHAVRY_PORT_FILE: file }).port).toBe(8000);
  });

  it('is read once: the mode stays what it was at the start, whatever becomes of the variable', () => {
    const environment: Record<string, string> = { ...GOOD, BEHAVRY_DEPLOYMENT_MODE: 'data-plane' };
    const config = loadConfig(ProbeConfig, environment);
    environment['BEHAVRY_DEPLOYMENT_MODE'] = 'control-plane';
    expect(config.mode).toBe('data-plane');
  });

  it('lets nobody but the machine itself reach an app, its metrics and its health unless it is told to', () => {
    expect(loadConfig(ServiceConfig, GOOD)).toMatchObject({ host: '127.0.0.1', opsHost: '127.0.0.1' });
  });

  it('treats an empty variable as not set', () => {
    expect(loadConfig(ProbeConfig, { ...GOOD, BEHAVRY_REDIS_URL: '' }).redisUrl).toBeUndefined();
  });
});
