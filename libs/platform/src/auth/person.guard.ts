import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Role } from '@behavry/contracts';
import { ProblemError } from '../errors/problem-error';
import { authenticatePerson, PUBLIC_ROUTE, reachesRole, REQUIRED_ROLE, SUPER_ADMIN_ONLY } from './person';
import { TokenVerifier } from './token-verifier';

/** Stands before every controller route: closed unless the route says otherwise. */
@Injectable()
export class PersonGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(TokenVerifier) private readonly verifier: TokenVerifier,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_ROUTE, places) === true) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const person = authenticatePerson(request, this.verifier);
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
}
