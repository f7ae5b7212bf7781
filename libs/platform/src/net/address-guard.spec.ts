import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { addressClassOf, AddressGuard, addressMatcher } from './address-guard';

const guard = (allowed: readonly string[], ownPorts: readonly number[] = []): AddressGuard =>
  new AddressGuard({ allowed, ownPorts });

describe('the class of an address', () => {
  it.each([
    ['93.184.216.34', 'public'],
    ['2606:4700::1111', 'public'],
    ['127.8.9.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.0.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd12::1', 'private'],
    ['::ffff:10.1.1.1', 'private'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['64:ff9b::127.0.0.1', 'loopback'],
    ['64:ff9b::a00:1', 'private'],
    ['64:ff9b:0:0:0:0:a9fe:a9fe', 'link-local'],
    ['64:ff9b::e000:0', 'unusable'],
    ['64:ff9b::', 'unusable'],
    ['64:ff9b::5db8:d822', 'public'],
    ['169.254.169.254', 'link-local'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['168.63.129.16', 'link-local'],
    ['100.100.100.200', 'link-local'],
    ['fd00:ec2::254', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['0.0.0.0', 'unusable'],
    ['::', 'unusable'],
    ['::7f00:1', 'unusable'],
    ['224.0.0.1', 'unusable'],
    ['255.255.255.255', 'unusable'],
    ['2002:7f00:1::', 'unusable'],
  ])('%s is %s', (address, kind) => {
    expect(addressClassOf(address)).toBe(kind);
  });
});

describe('the guard of addresses', () => {
  const PLACES = ['93.184.216.34', '127.0.0.1', '10.0.0.1', '169.254.169.254', '0.0.0.0'];
  const open = (allowed: readonly string[], hostname = 'name.test'): string[] =>
    PLACES.filter((address) => guard(allowed).refusal(hostname, address, 80) === undefined);

  it.each([
    [[], []],
    [['public'], ['93.184.216.34']],
    [
      ['public', 'loopback'],
      ['93.184.216.34', '127.0.0.1'],
    ],
    [['private'], ['10.0.0.1']],
    [['10.0.0.0/8'], ['10.0.0.1']],
    [['10.0.0.1:80'], ['10.0.0.1']],
    [['10.0.0.1:81'], []],
    [['0.0.0.0/0'], ['93.184.216.34', '127.0.0.1', '10.0.0.1', '169.254.169.254']],
    [['169.254.169.254'], ['169.254.169.254']],
    [['other.test'], []],
    [['name.test:81'], []],
    [['NAME.test'.toLowerCase()], ['93.184.216.34', '127.0.0.1', '10.0.0.1']],
  ])('with %j lets a name lead to %j', (allowed, addresses) => {
    expect(open(allowed)).toEqual(addresses);
  });

  it('knows a host by its name in any spelling', () => {
    expect(guard(['files.test']).refusal('FILES.test.', '10.0.0.1', 80)).toBeUndefined();
  });

  it("never leads to the plane's own ports on this machine, whatever the list says", () => {
    const here = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .map(({ address }) => address);
    expect(here.length).toBeGreaterThan(0);
    const all = guard(['0.0.0.0/0', '::/0', 'loopback', 'name.test'], [8001]);
    const behindNat64 = here.filter((address) => isIPv4(address)).map((address) => `64:ff9b::${address}`);
    expect(behindNat64.length).toBeGreaterThan(0);
    for (const address of ['127.0.0.1', '127.0.0.9', '::1', '::ffff:127.0.0.1', ...here, ...behindNat64]) {
      expect(all.refusal('name.test', address, 8001)).toMatch(/the plane's own/);
    }
    expect(all.refusal('name.test', '127.0.0.1', 8002)).toBeUndefined();
    expect(all.refusal('name.test', '93.184.216.34', 8001)).toBeUndefined();
  });

  it.each(['10.0.0.0/33', '10.0.0/8', 'a b', 'http://files.test', 'host:port', 'link-local/', '*', ''])(
    'says that "%s" is no entry',
    (entry) => {
      expect(() => guard([entry])).toThrow(`"${entry}" is`);
    },
  );

  it('reads addresses of both families', () => {
    expect(guard(['[fd12::1]:80']).refusal('x', 'fd12::1', 80)).toBeUndefined();
    expect(guard(['fd12::1']).refusal('x', 'fd12::1', 80)).toBeUndefined();
    expect(guard(['[fd12::1]:81']).refusal('x', 'fd12::1', 80)).toBeDefined();
    expect(guard(['fd12::/16']).refusal('x', 'fd12::9', 80)).toBeUndefined();
  });
});

describe('a list of networks', () => {
  it.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['192.0.2.7', true],
    ['2001:db8::9', true],
    ['192.0.2.8', false],
    ['64:ff9b::a00:1', false],
    ['10.1.2.3, 192.0.2.8', false],
    ['nonsense', false],
  ])('%s: %s', (address, isListed) => {
    expect(addressMatcher(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'])(address)).toBe(isListed);
  });

  it('may be empty', () => {
    expect(addressMatcher([])('127.0.0.1')).toBe(false);
  });
});
