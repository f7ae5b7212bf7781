import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PolicyRepository, type Policy } from '@behavry/db-control';
import { packageOf, POLICY_CATEGORIES } from '@behavry/domain';
import { ProblemError, withTenant, type Person } from '@behavry/platform';
import { Gate, type DryRun } from '../gate/gate';
import { checkSizes, policyInvalid, withFaults, type FaultView } from './policy-problem';
import {
  examinedDraft,
  PolicyService,
  unknownPolicy,
  type ExaminedDraft,
  type PolicyDraft,
} from './policy.service';
import { ActivePolicies, type ActiveSetChange } from './active-policies';
import { readContent, tenantPolicy } from './tenant-content';

export interface Published {
  readonly policy: Policy;
  /** Null when the change reached no bundle: a draft was archived. */
  readonly revision: string | null;
}

export interface Imported {
  readonly policies: readonly Policy[];
  readonly revision: string | null;
}

/** What is in force: activation, archiving, import, and dry runs against it. */
@Injectable()
export class ActivationService {
  constructor(
    private readonly database: DataSource,
    private readonly policies: PolicyService,
    private readonly active: ActivePolicies,
    private readonly gate: Gate,
  ) {}

  /**
   * Puts a version in force, in place of the one that is.
   * @param wanted undefined means the newest
   * @throws ProblemError 404, 409 (archived, package taken), 422 (faults), 503 (no bundle in time)
   */
  async activate(person: Person, id: string, wanted: number | undefined): Promise<Published> {
    const { tenantId } = person;
    const revision = await this.active.change(tenantId, async (manager): Promise<ActiveSetChange> => {
      const policies = new PolicyRepository(manager, tenantId);
      const policy = await policies.get(id);
      if (!policy) throw unknownPolicy();
      if (policy.status === 'archived') throw new ProblemError('state_conflict', 'The policy is archived.');
      const version = await policies.version(id, wanted ?? policy.version);
      if (!version) throw new ProblemError('not_found', 'The policy has no such version.');
      return {
        leaving: policy.activePackage === null ? [] : [policy.activePackage],
        coming: [{ policy: tenantPolicy(id, version), tests: version.tests, field: 'content' }],
        apply: async (writer) => {
          const { at } = this.policies.author(person);
          await new PolicyRepository(writer, tenantId).activate(id, version.version, version.package, at);
          await this.policies.record(writer, person, 'policy.activate', id, {
            version: version.version,
            before: policy.activeVersion,
            package: version.package,
          });
        },
      };
    });
    return { policy: (await this.policies.get(tenantId, id)).policy, revision };
  }

  /** Takes a policy out of force for good. @throws ProblemError 404, 409 when it is archived already */
  async archive(person: Person, id: string): Promise<Published> {
    const { tenantId } = person;
    const revision = await this.active.change(tenantId, async (manager): Promise<ActiveSetChange> => {
      const policy = await new PolicyRepository(manager, tenantId).get(id);
      if (!policy) throw unknownPolicy();
      if (policy.status === 'archived')
        throw new ProblemError('state_conflict', 'The policy is archived already.');
      return {
        leaving: policy.activePackage === null ? [] : [policy.activePackage],
        coming: [],
        apply: async (writer) => {
          const { at } = this.policies.author(person);
          await new PolicyRepository(writer, tenantId).archive(id, at);
          await this.policies.record(writer, person, 'policy.archive', id, { before: policy.activeVersion });
        },
      };
    });
    return { policy: (await this.policies.get(tenantId, id)).policy, revision };
  }

  /**
   * Makes many policies at once, all or none: one transaction, one check of the whole, one bundle.
   * @throws ProblemError 409, 413, 422 with the faults of all of them, 503
   */
  async import(person: Person, drafts: readonly PolicyDraft[], isActivated: boolean): Promise<Imported> {
    const { tenantId } = person;
    const texts = await this.#examineAll(tenantId, drafts);
    const ids: string[] = [];
    let revision: string | null = null;
    if (isActivated) {
      revision = await this.active.change(tenantId, () =>
        Promise.resolve({
          leaving: [],
          coming: texts.map(({ policy, tests }, index) => ({ policy, tests, field: fieldOf(index) })),
          apply: async (writer) => {
            ids.length = 0;
            const { at } = this.policies.author(person);
            for (const text of texts) {
              const id = await this.policies.insert(writer, person, text);
              await new PolicyRepository(writer, tenantId).activate(id, 1, text.package, at);
              await this.policies.record(writer, person, 'policy.activate', id, {
                version: 1,
                package: text.package,
              });
              ids.push(id);
            }
          },
        }),
      );
    } else {
      await withTenant(this.database, tenantId, async (manager) => {
        for (const text of texts) ids.push(await this.policies.insert(manager, person, text));
      });
    }
    const policies = await withTenant(this.database, tenantId, async (manager) => {
      const repository = new PolicyRepository(manager, tenantId);
      const made: Policy[] = [];
      for (const id of ids) made.push((await repository.get(id)) ?? raise());
      return made;
    });
    return { policies, revision };
  }

  /**
   * Asks the tenant's bundle, as it would be with `content` in force too, for decisions.
   * @throws ProblemError 413, 422
   */
  async dryRun(
    tenantId: string,
    content: string | undefined,
    category: string | undefined,
    inputs: readonly unknown[],
  ): Promise<readonly unknown[]> {
    checkSizes(content);
    const present = await withTenant(this.database, tenantId, (manager) => readContent(manager, tenantId));
    let policies = present.policies;
    if (content !== undefined) {
      const examination = await this.gate.examine(tenantId, content, category ?? categoryIn(content));
      if (!examination.ok) throw policyInvalid(examination.faults);
      const { policy } = examination;
      policies = [...policies.filter((other) => other.package.text !== policy.package.text), policy];
    }
    const run: DryRun = await this.gate.decide({ ...present, policies }, inputs);
    if (!run.ok) throw policyInvalid(run.faults, content === undefined ? 'inputs' : 'content');
    return run.decisions;
  }

  async #examineAll(tenantId: string, drafts: readonly PolicyDraft[]): Promise<readonly ExaminedDraft[]> {
    for (const { content, tests } of drafts) checkSizes(content, tests);
    const examinations = await this.gate.examineAll(tenantId, drafts);
    const faults: FaultView[] = [];
    const texts: ExaminedDraft[] = [];
    for (const [index, draft] of drafts.entries()) {
      const examination = examinations[index];
      if (examination?.ok) texts.push(examinedDraft(draft, examination.policy));
      else faults.push(...(examination?.faults ?? []).map((fault) => ({ ...fault, field: fieldOf(index) })));
    }
    if (texts.length < drafts.length) throw withFaults(faults);
    return texts;
  }
}

function fieldOf(index: number): string {
  return `policies.${String(index)}.content`;
}

/** The category that a text's own package names; the check of the package tells when it is none. */
function categoryIn(content: string): string {
  return POLICY_CATEGORIES.find((category) => packageOf(content, category).ok) ?? 'base';
}

function raise(): never {
  throw new Error('an imported policy was not stored');
}
