import { safePath } from './safe-path';

describe('safePath', () => {
  it.each([
    ['/api/v1/policies', '/api/v1/policies'],
    ['/api/v1/policies/?a=//b/../%2f', '/api/v1/policies/'],
    ['/api/v1/%70olicies', '/api/v1/policies'],
    [
      '/api/v1/gemini/v1beta/models/gemini-pro:generateContent',
      '/api/v1/gemini/v1beta/models/gemini-pro:generateContent',
    ],
    ['/a/...b', '/a/...b'],
  ])('reads %s', (target, path) => {
    expect(safePath(target)).toEqual({ ok: true, path });
  });

  it.each([
    'http://other/api/v1/policies',
    '*',
    '',
    '/a//b',
    '//a',
    '/a/../b',
    '/a/.',
    '/a/./b',
    '/a/..',
    '/a/..;/b',
    '/a%2fb',
    '/a%2Fb',
    '/a/%2e%2e/b',
    '/a%5cb',
    '/a\\b',
    '/a%00',
    '/a%0d%0ab',
    '/a%7f',
    '/a%zz',
    '/a%',
    '/a%ff',
    '/a b',
    '/a#b',
    '/é',
  ])('refuses %j, which two programs may read differently', (target) => {
    expect(safePath(target).ok).toBe(false);
  });
});
