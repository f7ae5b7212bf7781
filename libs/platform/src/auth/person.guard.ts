import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Role } from '@behavry/contracts';
import { ProblemError } from '../errors/problem-error';
import { PlaneState } from '../state/plane-state';
import {
  authenticatePerson,
  personToken,
  PUBLIC_ROUTE,
  reachesRole,
  REQUIRED_ROLE,
  SUPER_ADMIN_ONLY,
} from './person';
import { TokenVerifier } from './token-verifier';

/** How often a token of somebody who is not known here may make the plane's state be read again. */
const LOOK_AGAIN_MS = 1_000;

/** Stands before every controller route: closed unless the route says otherwise. */
@Injectable()
export class PersonGuard implements CanActivate {
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(TokenVerifier) private readonly verifier: TokenVerifier,
    @Inject(PlaneState) private readonly state: PlaneState,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_ROUTE, places) === true) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    await this.#meet(request);
    const person = authenticatePerson(request, this.verifier, this.state);
    if (this.reflector.getAllAndOverride<boolean | undefined>(SUPER_ADMIN_ONLY, places) === true) {
      if (!person.isSuperAdmin)
        throw new ProblemError('forbidden', 'Only a super-administrator may do this.');
      return true;
    }
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const wanted =
      this.reflector.getAllAndOverride<Role | undefined>(REQUIRED_ROLE, places) ??
      (isRead ? 'viewer' : 'admin');
    if (!reachesRole(person.roles, wanted))
      throw new ProblemError('forbidden', `This needs the role ${wanted}.`);
    return true;
  }

  /** Somebody may be so new that the word of it has not come here yet. */
  async #meet(request: FastifyRequest): Promise<void> {
    const { subject } = personToken(request, this.verifier);
    if (this.state.get('people')?.value.people[subject]) return;
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_AGAIN_MS) return;
    this.#lookedAt = now;
    await this.state.resynchronise().catch(() => undefined);
  }
}
