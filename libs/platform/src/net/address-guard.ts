import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** What kind of place an address is. `link-local` holds the metadata services of clouds, wherever they are. */
export type AddressClass = 'public' | 'loopback' | 'private' | 'link-local' | 'unusable';

/** Classes that a list may name as a whole; the others are opened by their address, or never. */
const NAMED_CLASSES = ['public', 'loopback', 'private'] as const;

/** First match wins. Ranges of RFC 6890, RFC 6598, RFC 4193, RFC 3849, RFC 6052 and the clouds' own documents. */
const CLASSES: readonly (readonly [AddressClass, BlockList])[] = [
  [
    'link-local',
    ranges(
      '169.254.0.0/16',
      'fe80::/10',
      '168.63.129.16/32',
      '100.100.100.200/32',
      '192.0.0.192/32',
      'fd00:ec2::254/128',
    ),
  ],
  ['loopback', ranges('127.0.0.0/8', '::1/128')],
  [
    'private',
    ranges(
      '10.0.0.0/8',
      '172.16.0.0/12',
      '192.168.0.0/16',
      '100.64.0.0/10',
      '198.18.0.0/15',
      '192.0.0.0/24',
      '192.0.2.0/24',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '2001:db8::/32',
      'fc00::/7',
      'fec0::/10',
      '64:ff9b:1::/48',
    ),
  ],
  [
    'unusable',
    ranges('0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::/96', '2001::/32', '2002::/16', 'ff00::/8'),
  ],
];

/** The prefix under which a gateway of the network leads to IPv4 (RFC 6052). */
const NAT64 = ranges('64:ff9b::/96');

/** @returns the class of an IPv4 or IPv6 address; IPv4 written as IPv6, and IPv4 behind NAT64, counts as IPv4 */
export function addressClassOf(address: string): AddressClass {
  const place = reachedBy(address);
  return CLASSES.find(([, list]) => contains(list, place))?.[0] ?? 'public';
}

/** @returns the IPv4 address that an address leads to by way of NAT64; every other address as it is */
function reachedBy(address: string): string {
  if (!contains(NAT64, address)) return address;
  const [bare = ''] = address.split('%');
  // As a URL writes it: the last two groups in hex, fewer when they are zero.
  const last = new URL(`http://[${bare}]`).hostname.slice(1, -1).split('::')[1] ?? '';
  const [low = 0, high = 0] = last
    .split(':')
    .reverse()
    .map((group) => parseInt(group || '0', 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

type Entry = (hostname: string, address: string, port: number) => boolean;

export interface AddressGuardOptions {
  /**
   * What may be reached: `public`, `loopback`, `private`; a host name, an address or a range in CIDR form, each but
   * the range with `:port` when only that port is meant.
   */
  readonly allowed: readonly string[];
  /** Ports of the plane's own processes: never reached on this machine, whatever the list says. */
  readonly ownPorts: readonly number[];
}

/**
 * Decides which addresses a registered URL may lead to. It judges the address that is connected to, so that a name
 * which changes its address after a check gains nothing.
 */
export class AddressGuard {
  readonly #classes: ReadonlySet<AddressClass>;
  /** Entries by address. */
  readonly #ranges: readonly Entry[];
  /** Entries by name. */
  readonly #hosts: readonly Entry[];
  readonly #ownPorts: ReadonlySet<number>;

  /** @throws Error that names an entry which cannot be read */
  constructor({ allowed, ownPorts }: AddressGuardOptions) {
    const isClass = (entry: string): entry is (typeof NAMED_CLASSES)[number] =>
      NAMED_CLASSES.some((name) => name === entry);
    this.#classes = new Set(allowed.filter(isClass));
    const others = allowed.filter((entry) => !isClass(entry)).map(readEntry);
    this.#ranges = others.flatMap(({ range }) => range ?? []);
    this.#hosts = others.flatMap(({ host }) => host ?? []);
    this.#ownPorts = new Set(ownPorts);
  }

  /**
   * @param hostname as the URL names it
   * @param address that it leads to, IPv4 or IPv6
   * @returns why this connection may not be made, undefined when it may
   */
  refusal(hostname: string, address: string, port: number): string | undefined {
    const kind = addressClassOf(address);
    const target = `${hostname} leads to the ${kind} address ${address}, port ${String(port)}`;
    if (this.#ownPorts.has(port) && isThisMachine(address)) return `${target}, which is the plane's own`;
    if (kind === 'unusable') return `${target}, which is never connected to`;
    const isNamed = (entries: readonly Entry[]): boolean =>
      entries.some((entry) => entry(hostname, address, port));
    if (isNamed(this.#ranges)) return undefined;
    // A name that the operator trusts does not open the metadata service of the cloud.
    if (kind !== 'link-local' && (this.#classes.has(kind) || isNamed(this.#hosts))) return undefined;
    return `${target}, which is not on the plane's list of allowed hosts`;
  }
}

function readEntry(text: string): { range?: Entry; host?: Entry } {
  const [network = '', prefix] = text.split('/');
  if (prefix !== undefined) {
    const list = rangeOf(network, prefix);
    if (!list) throw new Error(`"${text}" is no range of addresses, such as 10.1.0.0/16`);
    return { range: (_hostname, address) => contains(list, address) };
  }
  const [, bracketed, plain, portText] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const name = (isIP(text) === 6 ? text : (bracketed ?? plain ?? '')).toLowerCase();
  const port = isIP(text) === 6 || portText === undefined ? undefined : Number(portText);
  const isPort = (asked: number): boolean => port === undefined || port === asked;
  if (isIP(name) !== 0) {
    const list = rangeOfOne(name);
    return { range: (_hostname, address, asked) => isPort(asked) && contains(list, address) };
  }
  if (!/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(name)) {
    throw new Error(`"${text}" is neither public, loopback, private, a host, an address nor a range`);
  }
  return { host: (hostname, _address, asked) => isPort(asked) && canonicalName(hostname) === name };
}

/**
 * Whether an address lies in one of some networks.
 * @param networks addresses, or networks such as `10.0.0.0/8`
 */
export function addressMatcher(networks: readonly string[]): (address: string) => boolean {
  const list = ranges(...networks);
  return (address) => isIP(address.split('%')[0] ?? '') !== 0 && contains(list, address);
}

function rangeOf(network: string, prefix: string): BlockList | undefined {
  const family = isIP(network);
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
  return family !== 0 && bits <= (family === 4 ? 32 : 128) ? ranges(`${network}/${prefix}`) : undefined;
}

function rangeOfOne(address: string): BlockList {
  const [bare = ''] = address.split('%');
  return ranges(bare);
}

/** @param texts networks; an address is one of its own */
function ranges(...texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [network = '', prefix] = text.split('/');
    const isV4 = isIP(network) === 4;
    list.addSubnet(network, Number(prefix ?? (isV4 ? 32 : 128)), isV4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

function contains(list: BlockList, address: string): boolean {
  const [bare = ''] = address.split('%');
  return list.check(bare, isIP(bare) === 6 ? 'ipv6' : 'ipv4');
}

function canonicalName(hostname: string): string {
  return hostname.toLowerCase().replace(/\.$/, '');
}

function isThisMachine(address: string): boolean {
  if (addressClassOf(address) === 'loopback') return true;
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return own.some((one) => contains(rangeOfOne(one.address), reachedBy(address)));
}
