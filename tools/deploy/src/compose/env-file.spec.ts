import { createPrivateKey, createPublicKey } from 'node:crypto';
import { controlPlaneSecrets, envText } from './env-file';

describe('a .env file', () => {
  it('keeps what compose would put variables into, cut or unescape', () => {
    expect(envText({ A: 'p@ss/w:rd%#1$x', B: 'a # b', C: 'one\ntwo' })).toBe(
      "A='p@ss/w:rd%#1$x'\nB='a # b'\nC='one\ntwo'\n",
    );
    expect(() => envText({ A: "it's" })).toThrow('A holds a single quote');
  });

  it('is made with keys that belong together and secrets that nobody guesses', () => {
    const made = controlPlaneSecrets();
    const pem = createPublicKey(createPrivateKey(made['BEHAVRY_JWT_PRIVATE_KEY'] ?? '')).export({
      type: 'spki',
      format: 'pem',
    });
    expect(pem).toBe(made['BEHAVRY_JWT_PUBLIC_KEY']);
    expect(made['BEHAVRY_ADMIN_PASSWORD']).toMatch(/^[\w-]{24}$/);
    expect(controlPlaneSecrets()['BEHAVRY_DB_PASSWORD']).not.toBe(made['BEHAVRY_DB_PASSWORD']);
  });
});
