import type { FastifyRequest } from 'fastify';
import {
  createParamDecorator,
  SetMetadata,
  type CustomDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import { ROLES, type Role } from '@behavry/contracts';
import { ProblemError } from '../errors/problem-error';

/** The person behind a request. */
export interface Person {
  readonly id: string;
  readonly username: string;
  readonly tenantId: string;
  readonly roles: readonly string[];
  readonly isSuperAdmin: boolean;
  /** By what the person is here. */
  readonly by: PersonCredential;
}

export type PersonCredential =
  | { readonly kind: 'session'; readonly id: string; readonly isCookie: boolean }
  | { readonly kind: 'api_key'; readonly id: string };

export const PUBLIC_ROUTE = 'behavry:public';
export const REQUIRED_ROLE = 'behavry:role';
export const SUPER_ADMIN_ONLY = 'behavry:super-admin';
export const OWN_ACCESS = 'behavry:own-access';
export const SIGNED_IN_ONLY = 'behavry:signed-in-only';

/** Marks a route that asks for no person's token; it has its own way to know its caller, or needs none. */
export const Public = (): CustomDecorator => SetMetadata(PUBLIC_ROUTE, true);

/** The weakest role that may use a route. Without it GET asks for viewer, everything else for admin. */
export const RequireRole = (role: Role): CustomDecorator => SetMetadata(REQUIRED_ROLE, role);

/** Marks a route for super-administrators only. */
export const RequireSuperAdmin = (): CustomDecorator => SetMetadata(SUPER_ADMIN_ONLY, true);

/** Marks a route about the caller's own way in: for any signed-in person, whatever the role, and for no API key. */
export const OwnAccess = (): CustomDecorator => SetMetadata(OWN_ACCESS, true);

/** Marks a route that only somebody who signed in may use, besides the role: a key in a program is no person who decides. */
export const SignedInOnly = (): CustomDecorator => SetMetadata(SIGNED_IN_ONLY, true);

const PERSON = Symbol('behavry:person');
type RequestWithPerson = FastifyRequest & { [PERSON]?: Person };

/** Remembers whom a request came from. */
export function notePerson(request: FastifyRequest, person: Person): void {
  (request as RequestWithPerson)[PERSON] = person;
}

/** The signed-in person of this request. */
export const CurrentPerson = createParamDecorator((_data: unknown, context: ExecutionContext): Person => {
  const person = context.switchToHttp().getRequest<RequestWithPerson>()[PERSON];
  if (!person) throw new ProblemError('unauthenticated', 'This route needs a signed-in person.');
  return person;
});

/** @returns the text behind `Bearer ` in an Authorization header (RFC 6750), or undefined */
export function bearerOf(header: string | undefined): string | undefined {
  const match = /^Bearer +([^\s]+)$/i.exec(header ?? '');
  return match?.[1];
}

/** Whether roles reach a role: viewer < analyst < policy_author < admin. */
export function reachesRole(roles: readonly string[], wanted: Role): boolean {
  const level = Math.max(...roles.map((role) => ROLES.indexOf(role as Role)), -1);
  return level >= ROLES.indexOf(wanted);
}
