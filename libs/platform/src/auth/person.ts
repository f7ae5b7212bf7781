import type { FastifyRequest } from 'fastify';
import {
  createParamDecorator,
  SetMetadata,
  type CustomDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import { ROLES, type LivePerson, type Role } from '@behavry/contracts';
import { ProblemError } from '../errors/problem-error';
import type { PlaneState } from '../state/plane-state';
import type { TokenVerifier } from './token-verifier';
import { isEnded, PERSON_AUDIENCE, type VerifiedToken } from './verified-token';

/** The person behind a request. */
export interface Person {
  readonly id: string;
  readonly username: string;
  readonly tenantId: string;
  readonly roles: readonly string[];
  readonly isSuperAdmin: boolean;
}

export const PUBLIC_ROUTE = 'behavry:public';
export const REQUIRED_ROLE = 'behavry:role';
export const SUPER_ADMIN_ONLY = 'behavry:super-admin';

/** Marks a route that asks for no person's token; it has its own way to know its caller, or needs none. */
export const Public = (): CustomDecorator => SetMetadata(PUBLIC_ROUTE, true);

/** The weakest role that may use a route. Without it GET asks for viewer, everything else for admin. */
export const RequireRole = (role: Role): CustomDecorator => SetMetadata(REQUIRED_ROLE, role);

/** Marks a route for super-administrators only. */
export const RequireSuperAdmin = (): CustomDecorator => SetMetadata(SUPER_ADMIN_ONLY, true);

const PERSON = Symbol('behavry:person');
type RequestWithPerson = FastifyRequest & { [PERSON]?: Person };

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

/**
 * Finds the person whose token a request carries. The token says who it is; whether that person may act, and as what,
 * is looked at now.
 * @throws ProblemError 401 when there is none, it is not valid, or it was ended
 */
export function authenticatePerson(
  request: FastifyRequest,
  verifier: TokenVerifier,
  state: PlaneState,
): Person {
  const token = personToken(request, verifier);
  const live = state.get('people')?.value.people[token.subject];
  if (!live || isEnded(token.issuedAt, live.tokens_not_before))
    throw unauthenticated('This token was ended; sign in again at POST /api/v1/auth/admin/login.');
  const person = toPerson(token, live);
  (request as RequestWithPerson)[PERSON] = person;
  return person;
}

/** @throws ProblemError 401 when a request carries no valid token of a person */
export function personToken(request: FastifyRequest, verifier: TokenVerifier): VerifiedToken {
  const token = bearerOf(request.headers.authorization);
  const result = token === undefined ? undefined : verifier.verify(token, PERSON_AUDIENCE);
  if (!result?.ok) throw unauthenticated(explain(result?.fault === 'expired'));
  return result.token;
}

function unauthenticated(detail: string): ProblemError {
  return new ProblemError('unauthenticated', detail, { headers: { 'www-authenticate': 'Bearer' } });
}

/** Whether roles reach a role: viewer < analyst < policy_author < admin. */
export function reachesRole(roles: readonly string[], wanted: Role): boolean {
  const level = Math.max(...roles.map((role) => ROLES.indexOf(role as Role)), -1);
  return level >= ROLES.indexOf(wanted);
}

function explain(isExpired: boolean): string {
  return isExpired
    ? 'The token has expired; sign in again at POST /api/v1/auth/admin/login.'
    : 'Send Authorization: Bearer <token> from POST /api/v1/auth/admin/login.';
}

function toPerson({ subject, username, tenantId }: VerifiedToken, live: LivePerson): Person {
  return { id: subject, username, tenantId, roles: live.roles, isSuperAdmin: live.super_admin };
}
