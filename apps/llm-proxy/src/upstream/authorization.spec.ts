import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretReferenceError, UpstreamSecrets } from '@behavry/platform';
import { OPENAI } from '../dialects/openai/openai';
import { authorizationOf } from './authorization';
import type { Candidate } from './candidates';

const folder = mkdtempSync(join(tmpdir(), 'models-'));
mkdirSync(join(folder, 'azure'));
writeFileSync(join(folder, 'azure', 'key'), 'from-file\n');
writeFileSync(join(folder, 'azure', 'hosts'), 'eu.azure.test\n');
const secrets = new UpstreamSecrets(
  {
    BEHAVRY_SECRET_A: 'value-a',
    BEHAVRY_SECRET_A_HOSTS: 'eu.azure.test',
    BEHAVRY_SECRET_LINES: 'a\nb: c',
    BEHAVRY_SECRET_LINES_HOSTS: 'eu.azure.test',
    BEHAVRY_SECRET_OPENAI_KEY: 'sk-plane',
    BEHAVRY_SECRET_OPENAI_KEY_HOSTS: 'mirror.test',
  },
  folder,
  [],
);

const reference = (text: string): Candidate['key'] => ({ kind: 'reference', text });

function authorization(changes: Partial<Candidate>, ownKey?: string): Promise<object> {
  const candidate: Candidate = {
    id: 'azure',
    base: new URL('https://eu.azure.test/openai/v1'),
    key: { kind: 'none' },
    authHeader: null,
    weight: 1,
    tellsUsage: true,
    ...changes,
  };
  return authorizationOf(candidate, { dialect: OPENAI, secrets, ownKey });
}

describe('the key that an address is shown', () => {
  it('is none, the plane’s or the one behind the reference, where the kind or the settings want it', async () => {
    expect(await authorization({})).toEqual({});
    expect(await authorization({ key: { kind: 'plane', value: 'sk' } })).toEqual({
      authorization: 'Bearer sk',
    });
    const key = reference('env:BEHAVRY_SECRET_A');
    expect(await authorization({ key })).toEqual({ authorization: 'Bearer value-a' });
    expect(await authorization({ key, authHeader: 'api-key' })).toEqual({ 'api-key': 'value-a' });
    expect(await authorization({ key, authHeader: 'authorization' })).toEqual({
      authorization: 'Bearer value-a',
    });
    expect(await authorization({ key: reference('file:key') })).toEqual({
      authorization: 'Bearer from-file',
    });
    const base = new URL('https://mirror.test');
    expect(await authorization({ base, key: reference('env:BEHAVRY_SECRET_OPENAI_KEY') })).toEqual({
      authorization: 'Bearer sk-plane',
    });
  });

  it("is the agent's own instead, which needs no other", async () => {
    const key = reference('env:BEHAVRY_SECRET_NOWHERE');
    expect(await authorization({ key, authHeader: 'api-key' }, 'sk-own')).toEqual({ 'api-key': 'sk-own' });
  });

  it.each([
    ['at another host', { base: new URL('https://us.azure.test'), key: reference('env:BEHAVRY_SECRET_A') }],
    [
      'at the same host in clear',
      { base: new URL('http://eu.azure.test'), key: reference('env:BEHAVRY_SECRET_A') },
    ],
    ['that its operator bound to nothing else', { key: reference('env:BEHAVRY_SECRET_OPENAI_KEY') }],
    ['that is not there', { key: reference('env:BEHAVRY_SECRET_B') }],
    ['of another provider’s folder', { id: 'other', key: reference('file:key') }],
    ['at another host by a file', { base: new URL('https://us.azure.test'), key: reference('file:key') }],
    ['that would be more than a header', { key: reference('env:BEHAVRY_SECRET_LINES') }],
  ])('is not one %s', async (_what, changes) => {
    await expect(authorization(changes)).rejects.toThrow(SecretReferenceError);
  });
});
