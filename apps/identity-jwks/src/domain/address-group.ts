const IPV4 = /^(?:\d{1,3}\.){3}\d{1,3}$/;
const IPV6 = /^[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}$/i;

/**
 * The part of an address that one customer of a network holds: an IPv4 address, the first 64 bits of an IPv6 address.
 * @param address as the server shows it; all that is no address is one group, so that nobody has as many as he can write
 */
export function addressGroup(address: string): string {
  const [bare = ''] = address.split('%');
  const mapped = bare.replace(/^::ffff:(?=.*\.)/i, '');
  if (IPV4.test(mapped)) return mapped;
  if (!IPV6.test(bare)) return 'none';
  const [before = '', after] = bare.split('::');
  const left = before.split(':').filter((group) => group !== '');
  const right = (after ?? '').split(':').filter((group) => group !== '');
  const zeros = after === undefined ? 0 : Math.max(8 - left.length - right.length, 0);
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':');
}
