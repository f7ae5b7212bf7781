import { ROLES, type Role } from '@behavry/contracts';

/** Somebody as the rules see them. */
export interface Ranked {
  readonly id: string;
  readonly roles: readonly string[];
  readonly isSuperAdmin: boolean;
}

/** Somebody whom a change would change, or who stays beside. */
export interface Member extends Ranked {
  /** Whether this one can sign in: not disabled, and no invitation that waits. */
  readonly canAct: boolean;
}

/** What an administrator would change. */
export type PersonAct =
  | { readonly kind: 'invite'; readonly role: Role }
  | { readonly kind: 'set_role'; readonly role: Role }
  | { readonly kind: 'disable' }
  | { readonly kind: 'enable' }
  | { readonly kind: 'reset_link' }
  | { readonly kind: 'sign_out' };

export type PeopleRefusal =
  | 'role_above_own'
  | 'person_above'
  | 'role_of_oneself'
  | 'disable_oneself'
  | 'reset_oneself'
  | 'last_administrator'
  | 'last_super_administrator';

/** A super-administrator stands above every role. */
function rankOf({ roles, isSuperAdmin }: Ranked): number {
  return isSuperAdmin ? ROLES.length : Math.max(...roles.map((role) => ROLES.indexOf(role as Role)), -1);
}

/**
 * Whether somebody may do something to somebody: nobody gives a role above the own, nobody touches whoever stands above,
 * nobody changes the own role or status, and a tenant keeps its last administrator, a plane its last super-administrator.
 * @param actor as this one is now
 * @param subject whom it is done to; undefined for an invitation
 * @param others everybody else of the tenant who is an administrator or super-administrator, the actor among them
 * @returns why not; undefined when it may be done
 */
export function refusalOf(
  actor: Ranked,
  act: PersonAct,
  subject?: Member,
  others: readonly Member[] = [],
): PeopleRefusal | undefined {
  if ((act.kind === 'invite' || act.kind === 'set_role') && ROLES.indexOf(act.role) > rankOf(actor))
    return 'role_above_own';
  if (!subject) return undefined;
  if (rankOf(subject) > rankOf(actor)) return 'person_above';
  if (subject.id === actor.id) return refusalToOneself(act);
  return refusalForTheLast(act, subject, others);
}

function refusalToOneself({ kind }: PersonAct): PeopleRefusal | undefined {
  if (kind === 'set_role') return 'role_of_oneself';
  if (kind === 'disable') return 'disable_oneself';
  // Whoever stole a session would take the whole account with it: a new password asks for the present one.
  if (kind === 'reset_link') return 'reset_oneself';
  return undefined;
}

function refusalForTheLast(
  act: PersonAct,
  subject: Member,
  others: readonly Member[],
): PeopleRefusal | undefined {
  const isDemoted = act.kind === 'set_role' && act.role !== 'admin';
  if (!subject.canAct || !(act.kind === 'disable' || isDemoted)) return undefined;
  const left = others.filter(({ id, canAct }) => canAct && id !== subject.id);
  if (subject.roles.includes('admin') && !left.some(({ roles }) => roles.includes('admin')))
    return 'last_administrator';
  if (act.kind === 'disable' && subject.isSuperAdmin && !left.some(({ isSuperAdmin }) => isSuperAdmin))
    return 'last_super_administrator';
  return undefined;
}
