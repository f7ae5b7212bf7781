import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import {
  PolicyRepository,
  type Authorship,
  type Policy,
  type PolicyPage,
  type PolicyText,
  type PolicyVersion,
} from '@behavry/db-control';
import type { TenantPolicy } from '@behavry/domain';
import {
  ChangeLog,
  checkIfMatch,
  Clock,
  etagOf,
  ProblemError,
  uuidv7,
  withTenant,
  type Person,
  uniqueViolation,
} from '@behavry/platform';
import { lineDiff } from '../domain/line-diff';
import { Gate } from '../gate/gate';
import { checkSizes, policyInvalid } from './policy-problem';

/** What a person wrote. */
export interface PolicyDraft {
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly content: string;
  readonly tests: string | null;
}

/** What a person changed: what is undefined stays. */
export interface PolicyEdit {
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly category: string | undefined;
  readonly content: string;
  readonly tests: string | null | undefined;
}

/** A draft that has passed the gate. */
export interface ExaminedDraft extends PolicyText {
  readonly policy: TenantPolicy;
}

export interface PolicyWithText {
  readonly policy: Policy;
  readonly newest: PolicyVersion;
}

/** Policies as their authors see them: made, read, edited. What is in force changes elsewhere. */
@Injectable()
export class PolicyService {
  constructor(
    private readonly database: DataSource,
    private readonly gate: Gate,
    private readonly changes: ChangeLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Saves a draft. A key that was used before for the same text gives what was made then.
   * @throws ProblemError 422 `policy_invalid`, 413, 409 when the key was used for something else
   */
  async create(person: Person, draft: PolicyDraft, idempotencyKey: string | null): Promise<PolicyWithText> {
    const { tenantId } = person;
    const text = await this.examined(tenantId, draft);
    try {
      return await withTenant(this.database, tenantId, async (manager) => {
        const id = await this.insert(manager, person, text, idempotencyKey);
        return existing(manager, tenantId, id);
      });
    } catch (error) {
      const isUsed = uniqueViolation(error) === 'policies_tenant_id_idempotency_key_uq';
      if (!isUsed || idempotencyKey === null) throw error;
      return await this.#madeBefore(tenantId, idempotencyKey, text);
    }
  }

  /** Adds an examined draft inside a transaction of its tenant. @returns its id */
  async insert(
    manager: EntityManager,
    person: Person,
    text: PolicyText,
    idempotencyKey: string | null = null,
  ): Promise<string> {
    const by = this.author(person);
    const id = uuidv7(by.at.getTime());
    await new PolicyRepository(manager, person.tenantId).insert(id, text, by, idempotencyKey);
    await this.record(manager, person, 'policy.create', id, { name: text.name, package: text.package });
    return id;
  }

  list(tenantId: string, page: PolicyPage): Promise<{ policies: readonly Policy[]; total: number }> {
    return withTenant(this.database, tenantId, (manager) =>
      new PolicyRepository(manager, tenantId).list(page),
    );
  }

  /** @throws ProblemError 404 */
  get(tenantId: string, id: string): Promise<PolicyWithText> {
    return withTenant(this.database, tenantId, (manager) => existing(manager, tenantId, id));
  }

  /**
   * Saves a new version; what is in force does not change.
   * @param ifMatch the header of that name
   * @throws ProblemError 404, 409 when archived, 412, 413, 422 `policy_invalid`
   */
  async save(
    person: Person,
    id: string,
    edit: PolicyEdit,
    ifMatch: string | undefined,
  ): Promise<PolicyWithText> {
    const { tenantId } = person;
    const before = await this.get(tenantId, id);
    checkEditable(before.policy, ifMatch);
    const text = await this.examined(tenantId, {
      name: edit.name ?? before.newest.name,
      description: edit.description ?? before.newest.description,
      category: edit.category ?? before.newest.category,
      content: edit.content,
      tests: edit.tests === undefined ? before.newest.tests : edit.tests,
    });
    return withTenant(this.database, tenantId, async (manager) => {
      const policies = new PolicyRepository(manager, tenantId);
      const policy = await policies.lock(id);
      if (!policy) throw unknownPolicy();
      checkEditable(policy, ifMatch);
      // Without the header the edit was still made from what was read above.
      if (policy.version !== before.policy.version)
        checkIfMatch(etagOf(before.policy.version), etagOf(policy.version));
      await policies.addVersion(policy, text, this.author(person));
      await this.record(manager, person, 'policy.save', id, {
        version: policy.version + 1,
        diff: lineDiff(before.newest.content, text.content).slice(0, 20_000),
      });
      return existing(manager, tenantId, id);
    });
  }

  /** @throws ProblemError 404 */
  async versions(
    tenantId: string,
    id: string,
    page: { limit: number; offset: number },
  ): Promise<{ versions: readonly PolicyVersion[]; total: number }> {
    return withTenant(this.database, tenantId, async (manager) => {
      const policies = new PolicyRepository(manager, tenantId);
      if (!(await policies.get(id))) throw unknownPolicy();
      return policies.versions(id, page);
    });
  }

  /** @throws ProblemError 404 */
  async diff(
    tenantId: string,
    id: string,
    from: number,
    to: number,
  ): Promise<{ content: string; tests: string }> {
    const [old, young] = await withTenant(this.database, tenantId, async (manager) => {
      const policies = new PolicyRepository(manager, tenantId);
      return [await policies.version(id, from), await policies.version(id, to)];
    });
    if (!old || !young)
      throw new ProblemError('not_found', 'There is no policy with this id and these versions.');
    return {
      content: lineDiff(old.content, young.content),
      tests: lineDiff(old.tests ?? '', young.tests ?? ''),
    };
  }

  /** @throws ProblemError 413, 422 `policy_invalid` */
  async examined(tenantId: string, draft: PolicyDraft): Promise<ExaminedDraft> {
    checkSizes(draft.content, draft.tests);
    const examination = await this.gate.examine(tenantId, draft.content, draft.category);
    if (!examination.ok) throw policyInvalid(examination.faults);
    return examinedDraft(draft, examination.policy);
  }

  author(person: Person): Authorship {
    return { personId: person.id, username: person.username, at: new Date(this.clock.now()) };
  }

  record(
    manager: EntityManager,
    { tenantId, id: personId, username }: Person,
    action: string,
    target: string,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    return this.changes.record(manager, { tenantId, personId, username, action, target, detail });
  }

  async #madeBefore(tenantId: string, idempotencyKey: string, text: PolicyText): Promise<PolicyWithText> {
    return withTenant(this.database, tenantId, async (manager) => {
      const policies = new PolicyRepository(manager, tenantId);
      const policy = await policies.byIdempotencyKey(idempotencyKey);
      const first = policy && (await policies.version(policy.id, 1));
      if (
        !policy ||
        first?.content !== text.content ||
        first.name !== text.name ||
        first.tests !== text.tests
      ) {
        throw new ProblemError('conflict', 'This Idempotency-Key was used for another policy.');
      }
      return existing(manager, tenantId, policy.id);
    });
  }
}

/** @param policy what the gate read from the draft's text */
export function examinedDraft(draft: PolicyDraft, policy: TenantPolicy): ExaminedDraft {
  return { ...draft, package: policy.package.text, concerns: policy.concerns, policy };
}

async function existing(manager: EntityManager, tenantId: string, id: string): Promise<PolicyWithText> {
  const policies = new PolicyRepository(manager, tenantId);
  const policy = await policies.get(id);
  const newest = policy && (await policies.version(id, policy.version));
  if (!policy || !newest) throw unknownPolicy();
  return { policy, newest };
}

function checkEditable(policy: Policy, ifMatch: string | undefined): void {
  if (policy.status === 'archived') throw new ProblemError('state_conflict', 'The policy is archived.');
  checkIfMatch(ifMatch, etagOf(policy.version));
}

export function unknownPolicy(): ProblemError {
  return new ProblemError('not_found', 'There is no policy with this id.');
}
