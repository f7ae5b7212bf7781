import { readListenAddress } from './listen-address';

describe('the address of OPA', () => {
  it('is a socket', () => {
    expect(readListenAddress('unix:///run/opa/opa.sock')).toEqual({
      kind: 'socket',
      path: '/run/opa/opa.sock',
    });
  });

  it.each([
    ['0.0.0.0:8181', false],
    ['[::]:8181', false],
    ['opa.internal:1', false],
    ['127.0.0.1.example:8181', false],
    ['127.0.0.1:8181', true],
    ['localhost:65535', true],
    ['[::1]:8181', true],
  ])('is the port %s, of this machine alone: %s', (address, isLoopback) => {
    expect(readListenAddress(address)).toEqual({ kind: 'tcp', address, isLoopback });
  });

  it.each([
    '',
    ':8181',
    '8181',
    'host',
    'host:0',
    'host:65536',
    'http://host:8181',
    'unix://run/opa.sock',
    'unix:///run/o,p=a.sock',
    `unix:///${'x'.repeat(95)}`,
  ])('is not %j', (text) => {
    expect(readListenAddress(text)).toBeUndefined();
  });
});
