import { ROLES, type Role } from '@behavry/contracts';
import { refusalOf, type Member, type PersonAct } from './people-rules';

const member = (id: string, role: Role, more: Partial<Member> = {}): Member => ({
  id,
  roles: [role],
  isSuperAdmin: false,
  canAct: true,
  ...more,
});
const ann = member('ann', 'admin');
const bob = member('bob', 'admin');
const root = member('root', 'admin', { isSuperAdmin: true });

describe('what people may do to people', () => {
  it.each(ROLES.flatMap((own) => ROLES.map((given) => [own, given] as const)))(
    '%s may give the role %s only when it is not above the own',
    (own, given) => {
      const isAbove = ROLES.indexOf(given) > ROLES.indexOf(own);
      const actor = member('ann', own);
      const subject = member('eve', 'viewer');
      const expected = isAbove ? 'role_above_own' : undefined;
      expect(refusalOf(actor, { kind: 'invite', role: given })).toBe(expected);
      expect(refusalOf(actor, { kind: 'set_role', role: given }, subject, [actor])).toBe(expected);
    },
  );

  const ACTS: readonly PersonAct[] = [
    { kind: 'set_role', role: 'viewer' },
    { kind: 'disable' },
    { kind: 'enable' },
    { kind: 'reset_link' },
    { kind: 'sign_out' },
  ];

  it.each(ACTS)('nobody does $kind to whoever stands above', (act) => {
    expect(refusalOf(member('eve', 'policy_author'), act, ann, [bob])).toBe('person_above');
    expect(refusalOf(ann, act, root, [ann])).toBe('person_above');
    expect(refusalOf(root, act, ann, [root])).toBeUndefined();
    expect(refusalOf(ann, act, bob, [ann])).toBeUndefined();
  });

  it.each([
    [{ kind: 'set_role', role: 'viewer' }, 'role_of_oneself'],
    [{ kind: 'set_role', role: 'admin' }, 'role_of_oneself'],
    [{ kind: 'disable' }, 'disable_oneself'],
    [{ kind: 'reset_link' }, 'reset_oneself'],
    [{ kind: 'sign_out' }, undefined],
  ] as const)('to oneself, %j is %s', (act, expected) => {
    expect(refusalOf(ann, act, ann, [bob])).toBe(expected);
  });

  it.each([{ kind: 'disable' }, { kind: 'set_role', role: 'analyst' }] as const)(
    'the last administrator who can sign in stays: %j',
    (act) => {
      const waiting = member('new', 'admin', { canAct: false });
      expect(refusalOf(root, act, ann, [waiting])).toBe('last_administrator');
      expect(refusalOf(root, act, ann, [waiting, bob])).toBeUndefined();
      expect(refusalOf(root, act, waiting, [])).toBeUndefined();
    },
  );

  it('the last super-administrator is not disabled', () => {
    const other = member('other', 'admin', { isSuperAdmin: true });
    expect(refusalOf(other, { kind: 'disable' }, root, [ann])).toBe('last_super_administrator');
    expect(refusalOf(other, { kind: 'disable' }, root, [ann, other])).toBeUndefined();
  });
});
