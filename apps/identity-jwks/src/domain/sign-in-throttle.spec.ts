import { addressGroup } from './address-group';
import { SignInThrottle } from './sign-in-throttle';

const START = Date.UTC(2026, 0, 1);
const HOME = '198.51.100.1';

/** Misses from so many addresses, each so often as it may. */
function attack(throttle: SignInThrottle, now: number, addresses = 40): void {
  for (let index = 0; index < addresses; index += 1) {
    const address = `203.0.113.${String(index)}`;
    for (let go = 0; go < 5; go += 1)
      if (throttle.waitMs('admin', address, now) === 0) throttle.missed('admin', address, now);
  }
}

describe('the throttle of sign-ins', () => {
  it('never keeps a familiar address waiting for what strangers do', () => {
    const throttle = new SignInThrottle();
    throttle.signedIn('admin', HOME, START);
    for (let second = 0; second < 3_600; second += 10) {
      attack(throttle, START + second * 1_000);
      expect(throttle.waitMs('admin', HOME, START + second * 1_000)).toBe(0);
    }
  });

  it('asks its price of any other address, which nobody can raise, and then lets it try', () => {
    const throttle = new SignInThrottle();
    attack(throttle, START);
    expect(throttle.waitMs('admin', HOME, START + 1_000)).toBe(15_000);
    for (let second = 2; second < 16; second += 1) attack(throttle, START + second * 1_000);
    expect(throttle.waitMs('admin', HOME, START + 15_999)).toBe(1);
    expect(throttle.waitMs('admin', HOME, START + 16_000)).toBe(0);
    throttle.missed('admin', HOME, START + 16_000);
    expect(throttle.waitMs('admin', HOME, START + 16_001)).toBe(15_000);
  });

  it('is slow for all of a name, so that many addresses do not help: a try each in fifteen seconds', () => {
    const throttle = new SignInThrottle();
    let tries = 0;
    for (let second = 0; second < 60; second += 1) {
      for (let index = 0; index < 100; index += 1) {
        const [address, now] = [`10.0.0.${String(index)}`, START + second * 1_000];
        if (throttle.waitMs('admin', address, now) > 0) continue;
        tries += 1;
        throttle.missed('admin', address, now);
      }
    }
    // Without the price of the name each address has its five free tries at once.
    expect(tries).toBeLessThan(20 + 100 * 4);
  });

  it('counts an address over all names', () => {
    const throttle = new SignInThrottle();
    let refused = 0;
    for (let index = 0; index < 1_000; index += 1) {
      const name = `name ${String(index)}`;
      if (throttle.waitMs(name, HOME, START) > 0) refused += 1;
      else throttle.missed(name, HOME, START);
    }
    expect(refused).toBe(950);
  });

  it('asks little of somebody who shares a familiar address with a guesser', () => {
    const throttle = new SignInThrottle();
    throttle.signedIn('admin', HOME, START);
    for (let index = 0; index < 100; index += 1) throttle.missed('admin', HOME, START);
    expect(throttle.waitMs('admin', HOME, START)).toBe(10_000);
  });
});

describe('the group of an address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['nonsense', 'none'],
    ['203.0.113.7, 198.51.100.1', 'none'],
  ])('%s is %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });
});
