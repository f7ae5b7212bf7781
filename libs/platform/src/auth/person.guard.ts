import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Role } from '@behavry/contracts';
import { ProblemError } from '../errors/problem-error';
import {
  OWN_ACCESS,
  PUBLIC_ROUTE,
  reachesRole,
  REQUIRED_ROLE,
  SIGNED_IN_ONLY,
  SUPER_ADMIN_ONLY,
} from './person';
import { PersonAccess } from './person-access';

/** Stands before every controller route: closed unless the route says otherwise. */
@Injectable()
export class PersonGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(PersonAccess) private readonly access: PersonAccess,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    const isMarked = (mark: string): boolean =>
      this.reflector.getAllAndOverride<boolean | undefined>(mark, places) === true;
    if (isMarked(PUBLIC_ROUTE)) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    await this.access.meet(request);
    const person = this.access.authenticate(request);
    const isOwn = isMarked(OWN_ACCESS);
    if (person.by.kind === 'api_key' && (isOwn || isMarked(SIGNED_IN_ONLY)))
      throw new ProblemError('forbidden', 'An API key may not do this; sign in.');
    if (isOwn) return true;
    if (isMarked(SUPER_ADMIN_ONLY)) {
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
