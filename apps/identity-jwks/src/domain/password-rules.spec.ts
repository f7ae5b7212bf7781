import { passwordFault } from './password-rules';

describe('a new password', () => {
  it.each([
    ['correct horse battery'],
    ['vier Wörter ohne Sinn'],
    ['kfjtzqmwpxbl'],
    ['123456 is my bus line'],
    ['ann goes to the market'],
    ['🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧'],
  ])('may be %j', (password) => {
    expect(passwordFault(password, ['ann', 'ann@example.com'])).toBeUndefined();
  });

  it.each([
    ['elevenchars', /at least 12/],
    ['🦊🐻🐼🐨🐯🦁', /at least 12/],
    ['x y'.repeat(400), /at most 1024/],
    ['Password12345', /tried first/],
    ['P@ssw0rd!2026', /tried first/],
    ['passwordpassword', /tried first/],
    ['adminadminadmin', /tried first/],
    ['Qwertyuiop123', /tried first/],
    ['!!Summer2026!!', /tried first/],
    ['iloveyou123456', /tried first/],
    ['aaaaaaaaaaaa', /tried first/],
    ['123456789012', /tried first/],
    ['abcdefghijkl', /tried first/],
    ['987654321098', /tried first/],
    ['ann.smith2026', /the name/],
    ['AnnSmithAnnSmith', /the name/],
    ['a.lovelace1815', /the name/],
  ])('may not be %j', (password, why) => {
    expect(passwordFault(password, ['ann.smith', 'a.lovelace@example.com'])).toMatch(why);
  });

  it('asks for no address', () => {
    expect(passwordFault('correct horse battery', ['ann', null])).toBeUndefined();
  });
});
