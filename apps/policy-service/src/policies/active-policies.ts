import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { contentCounters, lockContentCounters } from '@behavry/db-control';
import type { TenantPolicy } from '@behavry/domain';
import { BuildWake, ProblemError, withTenant, uniqueViolation } from '@behavry/platform';
import { Gate, type TenantContent } from '../gate/gate';
import type { LocatedFault } from '../gate/opa-output';
import { packageTaken, withFaults, type FaultView } from './policy-problem';
import { Publication } from './publication';
import { readContent } from './tenant-content';
import { TenantQueue } from './tenant-queue';

/** A policy that is to come in force. */
export interface Candidate {
  readonly policy: TenantPolicy;
  readonly tests: string | null;
  /** Part of the request that it came in, for faults: `content`, `policies.3.content`. */
  readonly field: string;
}

/** A change of the active policies of a tenant. */
export interface ActiveSetChange {
  /** Packages that leave. */
  readonly leaving: readonly string[];
  readonly coming: readonly Candidate[];
  /** Writes the change, inside a transaction that has made sure the active policies are those that were checked. */
  readonly apply: (manager: EntityManager) => Promise<void>;
}

/** Says what is to change, given what a transaction sees stored. */
export type Plan = (manager: EntityManager) => Promise<ActiveSetChange>;

const MAX_ROUNDS = 5;

/**
 * The one way in which the set of active policies changes: the bundle as it would be is compiled and
 * tested first (as far as the change can break it, when the rest is known to compile), and the change is
 * written only if nothing else changed meanwhile. Changes of one tenant
 * wait for each other here, so that only another process can make a round be repeated.
 */
@Injectable()
export class ActivePolicies {
  readonly #queue = new TenantQueue();
  /** Policy counter per tenant at which this process saw the whole bundle compile. */
  readonly #compiledAt = new Map<string, number>();

  constructor(
    private readonly database: DataSource,
    private readonly gate: Gate,
    private readonly publication: Publication,
    private readonly wake: BuildWake,
  ) {}

  /**
   * @param plan says what is to change, given what is stored now; throws what makes it impossible
   * @returns revision of the first bundle that holds the change; null when the active policies stay as they are
   * @throws ProblemError 422 with the faults, 409 `package_conflict`, 503 when no bundle is built in time
   */
  async change(tenantId: string, plan: Plan): Promise<string | null> {
    const counter = await this.#queue.take(tenantId, () => this.#commit(tenantId, plan));
    return counter === null ? null : this.publication.revisionWith(tenantId, counter);
  }

  async #commit(tenantId: string, plan: Plan): Promise<number | null> {
    for (let round = 1; round <= MAX_ROUNDS; round += 1) {
      const { content, change } = await withTenant(this.database, tenantId, async (manager) => ({
        content: await readContent(manager, tenantId),
        change: await plan(manager),
      }));
      const isSame = change.leaving.length === 0 && change.coming.length === 0;
      const isKnown = this.#compiledAt.get(tenantId) === content.policyCounter;
      if (!isSame) await this.#check(content, change, isKnown);
      const counter = await this.#write(tenantId, content.policyCounter, change);
      if (counter === undefined) continue;
      if (isSame) return null;
      this.#compiledAt.set(tenantId, counter);
      await this.wake.wake(tenantId, 'policy');
      return counter;
    }
    throw new ProblemError('conflict', 'Other policies changed all the while; try again.');
  }

  /** @param isKnown whether what is present is known to compile as a whole */
  async #check(
    present: TenantContent,
    { leaving, coming }: ActiveSetChange,
    isKnown: boolean,
  ): Promise<void> {
    const staying = present.policies.filter((policy) => !leaving.includes(policy.package.text));
    const taken = new Set(staying.map((policy) => policy.package.text));
    for (const { policy } of coming) {
      if (taken.has(policy.package.text)) throw packageTaken(policy.package.text);
      taken.add(policy.package.text);
    }
    const added = coming.map(({ policy }) => policy);
    const content = { ...present, policies: [...staying, ...added] };
    const compiled = isKnown
      ? await this.gate.compileChange({ ...present, policies: staying }, added)
      : await this.gate.compile(content);
    if (compiled.length > 0) throw withFaults(compiled.map((fault) => inRequest(fault, coming)));
    for (const { tests, field } of coming) {
      if (tests === null) continue;
      const failed = await this.gate.test(content, tests);
      if (failed.length > 0) {
        throw withFaults(failed.map((fault) => ({ ...fault, field: field.replace(/content$/, 'tests') })));
      }
    }
  }

  /** @returns the policy counter after the change; undefined when the active policies are no longer those checked */
  async #write(tenantId: string, checked: number, change: ActiveSetChange): Promise<number | undefined> {
    try {
      return await withTenant(this.database, tenantId, async (manager) => {
        const { policy } = await lockContentCounters(manager, tenantId);
        if (policy !== checked) return undefined;
        await change.apply(manager);
        return (await contentCounters(manager, tenantId)).policy;
      });
    } catch (error) {
      if (uniqueViolation(error) !== 'policies_tenant_id_active_package_uq') throw error;
      throw packageTaken(change.coming[0]?.policy.package.text ?? '');
    }
  }
}

/** A fault in a policy of the request is told with the request's field, another one with the bundle's entry. */
function inRequest({ file, ...fault }: LocatedFault, coming: readonly Candidate[]): FaultView {
  const own = coming.find(
    ({ policy }) => file === policy.package.path || file.endsWith(`/${policy.package.path}`),
  );
  return own
    ? { ...fault, field: own.field }
    : {
        ...fault,
        field: coming[0]?.field ?? 'id',
        message: `${file === '' ? '' : `${file}: `}${fault.message}`,
      };
}
