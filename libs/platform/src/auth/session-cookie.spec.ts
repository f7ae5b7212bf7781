import { ServiceConfig } from '../config/service-config';
import { SessionCookie } from './session-cookie';

const cookieOf = (settings: Partial<ServiceConfig>): SessionCookie =>
  new SessionCookie(Object.assign(new ServiceConfig(), { mode: 'control-plane' }, settings));

const asked = (
  headers: Readonly<Record<string, string>>,
  method = 'POST',
  protocol: 'http' | 'https' = 'https',
): Parameters<SessionCookie['read']>[0] => ({ headers, method, protocol, host: 'cp.test' });

const SECURE = { cookie: '__Host-behavry-control=abc' };
const own = { 'sec-fetch-site': 'same-origin' };

describe('the session in a cookie', () => {
  const cookie = cookieOf({ publicUrl: 'https://cp.test' });

  it('can be read by no script, sent by no other site, and set by nobody else', () => {
    expect(cookie.set(asked({}), 'abc', 60)).toBe(
      '__Host-behavry-control=abc; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure',
    );
    expect(cookie.clear(asked({}))).toContain('Max-Age=0');
  });

  it('has a name for each plane, and another one over plain http', () => {
    const data = cookieOf({
      mode: 'data-plane',
      deploymentId: 'dp-us-east-01',
      publicUrl: 'http://127.0.0.1',
    });
    expect(data.set(asked({}, 'POST', 'http'), 'abc', 1)).toBe(
      'behavry-dp-us-east-01=abc; Path=/; HttpOnly; SameSite=Strict; Max-Age=1',
    );
    expect(data.set(asked({}), 'abc', 1)).toMatch(/^__Host-behavry-dp-us-east-01=abc;.*; Secure$/);
    expect(
      data.read(asked({ ...own, cookie: '__Host-behavry-dp-us-east-01=a' }, 'POST', 'http')),
    ).toBeUndefined();
    expect(cookie.read(asked({ ...own, cookie: 'behavry-control=a' }))).toBeUndefined();
  });

  it('is read among others, and not when it comes twice', () => {
    expect(cookie.read(asked({ ...own, cookie: 'a=b; __Host-behavry-control=abc; c=d' }))).toBe('abc');
    expect(cookie.read(asked({ ...own, cookie: 'x__Host-behavry-control=abc' }))).toBeUndefined();
    expect(
      cookie.read(asked({ ...own, cookie: '__Host-behavry-control=a; __Host-behavry-control=b' })),
    ).toBeUndefined();
    expect(cookie.read(asked({}))).toBeUndefined();
  });

  it.each([
    ['POST', own, true],
    ['POST', { origin: 'https://cp.test' }, true],
    ['GET', own, true],
    ['GET', {}, true],
    ['GET', { 'sec-fetch-site': 'none' }, true],
    ['POST', {}, false],
    ['DELETE', {}, false],
    ['POST', { 'sec-fetch-site': 'none' }, false],
    ['POST', { 'sec-fetch-site': 'same-site' }, false],
    ['POST', { 'sec-fetch-site': 'cross-site' }, false],
    ['POST', { 'sec-fetch-site': 'cross-site', origin: 'https://cp.test' }, false],
    ['POST', { 'sec-fetch-site': 'Same-Origin' }, false],
    ['POST', { origin: 'http://cp.test' }, false],
    ['POST', { origin: 'https://cp.test:8443' }, false],
    ['POST', { origin: 'https://cp.test.evil.test' }, false],
    ['POST', { origin: 'null' }, false],
    ['GET', { 'sec-fetch-site': 'cross-site' }, false],
    ['GET', { origin: 'https://evil.test' }, false],
  ])('counts for %s with %j: %s', (method, headers, isGood) => {
    const read = (): string | undefined => cookie.read(asked({ ...SECURE, ...headers }, method));
    if (isGood) expect(read()).toBe('abc');
    else expect(read).toThrow(/pages of this origin/);
  });
});
