import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { rolesOf, type Role } from '@behavry/contracts';
import {
  ChangeLog,
  Clock,
  ProblemError,
  reachesRole,
  ServiceContext,
  sha256,
  tooManyRequests,
  uuidv7,
  type Person,
} from '@behavry/platform';
import { FailureMemory, KEY_RULE } from '../domain/throttle';
import { LivePeople } from '../people/live-people';
import { PeopleStore, type PeopleWork } from '../people/people-store';
import type { ApiKeyRecord } from './api-key-records';

export interface ApiKeyDraft {
  readonly label: string;
  readonly role: Role;
  readonly expiresDays: number;
}

/** Of one person. */
const MAX_KEYS = 20;
const DAY_MS = 86_400_000;

/** Keys for a person's programs: never more than the person may, and over when the person is. */
@Injectable()
export class ApiKeysService {
  readonly #made = new FailureMemory(KEY_RULE);

  constructor(
    private readonly context: ServiceContext,
    private readonly people: PeopleStore,
    private readonly live: LivePeople,
    private readonly changes: ChangeLog,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the new key with its text, which is kept nowhere
   * @throws ProblemError 403 for a role above the own, 409 when there are too many, 422 for a role of another mode, 429
   */
  async create(
    person: Person,
    { label, role, expiresDays }: ApiKeyDraft,
  ): Promise<ApiKeyRecord & { text: string }> {
    const { id: personId, tenantId } = person;
    if (!rolesOf(this.context.mode).includes(role))
      throw new ProblemError('validation_failed', 'This plane has no such role.', {
        errors: [{ field: 'role', message: 'role must be one that people have on this plane' }],
      });
    const waitMs = this.#made.waitMs(personId, this.clock.now());
    if (waitMs > 0) throw tooManyRequests('Too many keys were made; wait before the next one.', waitMs);
    this.#made.fail(personId, this.clock.now());
    const text = `bak_${randomBytes(32).toString('base64url')}`;
    const key = await this.people.within(tenantId, async (work) => {
      const now = this.clock.now();
      const present = await work.people.signInRecord(personId);
      if (!present || !reachesRole(present.roles, role) || !reachesRole(person.roles, role))
        throw new ProblemError('forbidden', 'A key has no role above that of its person.');
      if ((await work.keys.list(personId, new Date(now))).length >= MAX_KEYS)
        throw new ProblemError(
          'state_conflict',
          `A person has ${String(MAX_KEYS)} keys at most; delete one.`,
        );
      const made: ApiKeyRecord = {
        id: uuidv7(now),
        label,
        role,
        createdAt: new Date(now),
        expiresAt: new Date(now + expiresDays * DAY_MS),
      };
      await work.keys.insert(personId, made, sha256(text));
      await this.#record(work, person, 'api_key.create', made.id, {
        label,
        role,
        expires_at: made.expiresAt.toISOString(),
      });
      return made;
    });
    await this.live.tell();
    return { ...key, text };
  }

  /** The caller's own, the newest first. */
  list({ tenantId, id }: Person): Promise<readonly ApiKeyRecord[]> {
    return this.people.within(tenantId, ({ keys }) => keys.list(id, new Date(this.clock.now())));
  }

  /** @throws ProblemError 404 */
  async delete(person: Person, id: string): Promise<void> {
    await this.people.within(person.tenantId, async (work) => {
      if (!(await work.keys.delete(person.id, id)))
        throw new ProblemError('not_found', 'There is no API key with this id.');
      await this.#record(work, person, 'api_key.delete', id, {});
    });
    await this.live.tell();
  }

  #record(
    { manager }: PeopleWork,
    { tenantId, id: personId, username }: Person,
    action: string,
    target: string,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    return this.changes.record(manager, { tenantId, personId, username, action, target, detail });
  }
}
