import type { Concerns } from '@behavry/domain';
import type { EntityManager } from 'typeorm';
import { PolicyVersionEntity } from './policy-version.entity';
import { PolicyEntity } from './policy.entity';

export type PolicyStatus = 'draft' | 'active' | 'archived';

export interface Policy {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  /** Package of the newest version. */
  readonly package: string;
  readonly status: PolicyStatus;
  /** Number of the newest version, from 1. */
  readonly version: number;
  /** The version in force; null unless active. */
  readonly activeVersion: number | null;
  readonly activePackage: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface PolicyVersion {
  readonly policyId: string;
  readonly version: number;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly package: string;
  readonly content: string;
  readonly tests: string | null;
  readonly concerns: Concerns;
  readonly createdByName: string;
  readonly createdAt: Date;
}

/** What a version is made of; number and time are given by the caller that adds it. */
export interface PolicyText {
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly package: string;
  readonly content: string;
  readonly tests: string | null;
  readonly concerns: Concerns;
}

/** Who saved, and when. */
export interface Authorship {
  readonly personId: string;
  readonly username: string;
  readonly at: Date;
}

/** An active policy with the text of the version in force, as bundles are built from it. */
export interface ActivePolicy {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly category: string;
  readonly package: string;
  readonly content: string;
  readonly concerns: Concerns;
}

export interface PolicyPage {
  readonly limit: number;
  readonly offset: number;
  readonly status?: PolicyStatus;
}

/** Policies of one tenant and their versions. */
export class PolicyRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** Adds a draft with its version 1. Throws the driver's unique violation when the idempotency key is used. */
  async insert(id: string, text: PolicyText, by: Authorship, idempotencyKey: string | null): Promise<void> {
    const { name, description, category } = text;
    await this.manager.insert(PolicyEntity, {
      id,
      tenantId: this.tenantId,
      name,
      description,
      category,
      package: text.package,
      status: 'draft',
      version: 1,
      activeVersion: null,
      activePackage: null,
      idempotencyKey,
      createdBy: by.personId,
      createdAt: by.at,
      updatedAt: by.at,
    });
    await this.#insertVersion(id, 1, text, by);
  }

  async get(id: string): Promise<Policy | undefined> {
    const row = await this.manager.findOneBy(PolicyEntity, { id, tenantId: this.tenantId });
    return row ? toPolicy(row) : undefined;
  }

  /** The policy, its row locked until the transaction ends. */
  async lock(id: string): Promise<Policy | undefined> {
    const row = await this.manager.findOne(PolicyEntity, {
      where: { id, tenantId: this.tenantId },
      lock: { mode: 'pessimistic_write' },
    });
    return row ? toPolicy(row) : undefined;
  }

  async byIdempotencyKey(idempotencyKey: string): Promise<Policy | undefined> {
    const row = await this.manager.findOneBy(PolicyEntity, { idempotencyKey, tenantId: this.tenantId });
    return row ? toPolicy(row) : undefined;
  }

  /** One page of policies, newest first, and how many there are. */
  async list({ limit, offset, status }: PolicyPage): Promise<{ policies: readonly Policy[]; total: number }> {
    const [rows, total] = await this.manager.findAndCount(PolicyEntity, {
      where: { tenantId: this.tenantId, ...(status === undefined ? {} : { status }) },
      order: { createdAt: 'DESC', id: 'DESC' },
      take: limit,
      skip: offset,
    });
    return { policies: rows.map(toPolicy), total };
  }

  /** Saves a further version of a policy whose row is locked. */
  async addVersion(policy: Policy, text: PolicyText, by: Authorship): Promise<void> {
    const version = policy.version + 1;
    const { name, description, category } = text;
    await this.manager.update(
      PolicyEntity,
      { id: policy.id, tenantId: this.tenantId },
      { name, description, category, package: text.package, version, updatedAt: by.at },
    );
    await this.#insertVersion(policy.id, version, text, by);
  }

  async version(policyId: string, version: number): Promise<PolicyVersion | undefined> {
    const row = await this.manager.findOneBy(PolicyVersionEntity, {
      policyId,
      version,
      tenantId: this.tenantId,
    });
    return row ? toVersion(row) : undefined;
  }

  /** One page of a policy's versions, newest first. */
  async versions(
    policyId: string,
    page: { limit: number; offset: number },
  ): Promise<{ versions: readonly PolicyVersion[]; total: number }> {
    const [rows, total] = await this.manager.findAndCount(PolicyVersionEntity, {
      where: { policyId, tenantId: this.tenantId },
      order: { version: 'DESC' },
      take: page.limit,
      skip: page.offset,
    });
    return { versions: rows.map(toVersion), total };
  }

  /** Puts a version in force. Throws the driver's unique violation when another active policy has the package. */
  async activate(id: string, version: number, packageName: string, now: Date): Promise<void> {
    await this.manager.update(
      PolicyEntity,
      { id, tenantId: this.tenantId },
      { status: 'active', activeVersion: version, activePackage: packageName, updatedAt: now },
    );
  }

  async archive(id: string, now: Date): Promise<void> {
    await this.manager.update(
      PolicyEntity,
      { id, tenantId: this.tenantId },
      { status: 'archived', activeVersion: null, activePackage: null, updatedAt: now },
    );
  }

  /** Every active policy with the text in force, in a fixed order (by package). */
  async active(): Promise<readonly ActivePolicy[]> {
    return this.manager.query<ActivePolicy[]>(
      `SELECT p.id, v.name, v.version, v.category, v.package, v.content, v.concerns
         FROM control.policies p
         JOIN control.policy_versions v ON v.policy_id = p.id AND v.version = p.active_version
        WHERE p.tenant_id = $1 AND p.status = 'active'
        ORDER BY v.package COLLATE "C"`,
      [this.tenantId],
    );
  }

  async #insertVersion(policyId: string, version: number, text: PolicyText, by: Authorship): Promise<void> {
    const { name, description, category, content, tests, concerns } = text;
    await this.manager.insert(PolicyVersionEntity, {
      policyId,
      version,
      tenantId: this.tenantId,
      name,
      description,
      category,
      package: text.package,
      content,
      tests,
      concerns,
      createdBy: by.personId,
      createdByName: by.username,
      createdAt: by.at,
    });
  }
}

function toPolicy(row: PolicyEntity): Policy {
  return {
    id: row.id,
    tenantId: row.tenantId,
    name: row.name,
    description: row.description,
    category: row.category,
    package: row.package,
    status: row.status as PolicyStatus,
    version: row.version,
    activeVersion: row.activeVersion,
    activePackage: row.activePackage,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

function toVersion(row: PolicyVersionEntity): PolicyVersion {
  const {
    policyId,
    version,
    name,
    description,
    category,
    content,
    tests,
    concerns,
    createdByName,
    createdAt,
  } = row;
  return {
    policyId,
    version,
    name,
    description,
    category,
    package: row.package,
    content,
    tests,
    concerns,
    createdByName,
    createdAt,
  };
}
