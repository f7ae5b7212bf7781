import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CONFIG_DOCUMENT_SCHEMA, type ConfigDocument } from '@behavry/contracts';
import {
  AgentRepository,
  KillSwitchRepository,
  McpServerRepository,
  PolicyRepository,
  TenantRepository,
  TenantSettingsRepository,
  type ActivePolicy,
  type DocumentPart,
} from '@behavry/db-control';
import {
  bundleFiles,
  bundleManifest,
  canonicalJson,
  contentDigest,
  packageOf,
  sha256HexOf,
  signatureFile,
  signaturePayload,
  signingInput,
  type TenantPolicy,
} from '@behavry/domain';
import { BundleKey } from './bundle-key';
import { packArchive } from './pack-archive';
import { ShippedModules } from './shipped-modules';

/** A revision's name and number. */
export interface Stamp {
  readonly revision: string;
  readonly generation: number;
}

/** The bytes of a document under a revision. */
export interface DocumentBytes {
  readonly body: Buffer;
  readonly signedBody: Buffer | null;
}

/** A document's content, not yet under a revision. */
export interface DocumentContent {
  /** Hex SHA-256; a new revision is made only when it differs from the last. */
  readonly digest: string;
  readonly policyCount: number;
  stamp(stamp: Stamp): Promise<DocumentBytes>;
}

/** Days that audit rows are kept until a tenant says otherwise. */
const RETENTION_DAYS = 365;

/** Puts a tenant's two documents together from the control schema. */
@Injectable()
export class DocumentBuilder {
  constructor(
    private readonly shipped: ShippedModules,
    private readonly key: BundleKey,
  ) {}

  /** @param manager of a transaction that has set `tenantId` */
  async content(manager: EntityManager, tenantId: string, part: DocumentPart): Promise<DocumentContent> {
    return part === 'policy' ? this.#policy(manager, tenantId) : this.#config(manager, tenantId);
  }

  async #policy(manager: EntityManager, tenantId: string): Promise<DocumentContent> {
    const active = await new PolicyRepository(manager, tenantId).active();
    const settings = await new TenantSettingsRepository(manager, tenantId).get();
    const files = bundleFiles({
      shipped: this.shipped.modules,
      policies: active.map(toTenantPolicy),
      settings: { blast_radius: settings.blastRadius },
    });
    const digest = contentDigest(files);
    return {
      digest,
      policyCount: active.length,
      stamp: async (stamp) => {
        const all = [...files, bundleManifest({ ...stamp, digest, policyCount: active.length })];
        const input = signingInput(signaturePayload(all, tenantId), this.key.kid);
        const signature = signatureFile(input, this.key.sign(input));
        const [body, signedBody] = await Promise.all([packArchive(all), packArchive([...all, signature])]);
        return { body, signedBody };
      },
    };
  }

  async #config(manager: EntityManager, tenantId: string): Promise<DocumentContent> {
    const settings = await new TenantSettingsRepository(manager, tenantId).get();
    const tenant = await new TenantRepository(manager, tenantId).get();
    const content: Omit<ConfigDocument, keyof Stamp> = {
      schema: CONFIG_DOCUMENT_SCHEMA,
      tenant_id: tenantId,
      suspended: tenant?.status !== 'active',
      kill_switches: await new KillSwitchRepository(manager, tenantId).entries(),
      agents: await new AgentRepository(manager, tenantId).entries(),
      mcp_servers: await new McpServerRepository(manager, tenantId).entries(),
      dlp_patterns: [],
      blast_radius: settings.blastRadius,
      rate_limits: settings.rateLimits,
      escalation: settings.escalation,
      data_protection: { payload_mode: 'metadata_only', retention_days: RETENTION_DAYS },
      model_settings: settings.modelSettings,
    };
    return {
      digest: sha256HexOf(canonicalJson(content)),
      policyCount: 0,
      stamp: (stamp) => {
        const document: ConfigDocument = { ...content, ...stamp };
        const input = [
          canonicalJson({ alg: 'RS256', kid: this.key.kid, typ: 'behavry-config+jws' }),
          canonicalJson(document),
        ]
          .map((text) => Buffer.from(text).toString('base64url'))
          .join('.');
        const jws = `${input}.${this.key.sign(input).toString('base64url')}`;
        return Promise.resolve({ body: Buffer.from(jws), signedBody: null });
      },
    };
  }
}

function toTenantPolicy({ id, version, category, content, concerns }: ActivePolicy): TenantPolicy {
  const place = packageOf(content, category);
  if (!place.ok) throw new Error(`policy ${id} has no place in a bundle: ${place.fault.message}`);
  return { id, version, package: place.package, content, concerns };
}
