import type { EntityManager } from 'typeorm';
import { PublishedDocumentEntity } from './published-document.entity';

/** Channel of the notification at the commit of every publication: `<tenant id> policy|config`. */
export const PUBLISHED_CHANNEL = 'behavry_published';
/** Channel of the notification when a data-plane token is revoked, shortened or replaced: `<tenant id>`. */
export const TOKEN_CHANNEL = 'behavry_tokens';

export type DocumentPart = 'policy' | 'config';

/** What a publication says about itself, without its bytes. */
export interface PublishedHead {
  readonly revision: string;
  readonly generation: number;
  readonly digest: string;
  /** The document holds every change up to this value of the tenant's counter. */
  readonly contentCounter: number;
  readonly signedBy: string;
}

export interface PublishedDocument extends PublishedHead {
  readonly policyCount: number;
  readonly body: Buffer;
  /** Null for the config document, whose body is signed itself. */
  readonly signedBody: Buffer | null;
  readonly createdAt: Date;
}

/** Revisions that are kept of each document. */
const KEPT = 10;

/** What was published for one tenant. */
export class PublishedDocumentRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** The newest revision without its bytes. */
  async head(part: DocumentPart): Promise<PublishedHead | undefined> {
    const row = await this.manager.findOne(PublishedDocumentEntity, {
      select: {
        tenantId: true,
        part: true,
        revision: true,
        generation: true,
        digest: true,
        contentCounter: true,
        signedBy: true,
      },
      where: { tenantId: this.tenantId, part },
      order: { revision: 'DESC' },
    });
    if (!row) return undefined;
    const { revision, generation, digest, contentCounter, signedBy } = row;
    return { revision, generation, digest, contentCounter, signedBy };
  }

  /** The newest revision with its bytes. */
  async latest(part: DocumentPart): Promise<PublishedDocument | undefined> {
    const row = await this.manager.findOne(PublishedDocumentEntity, {
      where: { tenantId: this.tenantId, part },
      order: { revision: 'DESC' },
    });
    if (!row) return undefined;
    const {
      revision,
      generation,
      digest,
      contentCounter,
      policyCount,
      body,
      signedBody,
      signedBy,
      createdAt,
    } = row;
    return {
      revision,
      generation,
      digest,
      contentCounter,
      policyCount,
      body,
      signedBody,
      signedBy,
      createdAt,
    };
  }

  /** Waits until nobody else publishes this part for this tenant, to the end of the transaction. */
  async lock(part: DocumentPart): Promise<void> {
    await this.manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `behavry:publish:${this.tenantId}:${part}`,
    ]);
  }

  /** Adds a revision, tells whoever listens once it is committed, and drops revisions that are too old. */
  async publish(part: DocumentPart, document: PublishedDocument): Promise<void> {
    await this.manager.insert(PublishedDocumentEntity, { ...document, tenantId: this.tenantId, part });
    await this.manager.query(
      `DELETE FROM control.published_documents WHERE tenant_id = $1 AND part = $2 AND revision NOT IN (
         SELECT d.revision FROM control.published_documents d WHERE d.tenant_id = $1 AND d.part = $2
          ORDER BY d.revision DESC LIMIT ${String(KEPT)})`,
      [this.tenantId, part],
    );
    await this.#notify(part);
  }

  /** Records that a revision holds later changes too, because they changed nothing of it. */
  async confirm(part: DocumentPart, revision: string, contentCounter: number): Promise<void> {
    await this.manager.update(
      PublishedDocumentEntity,
      { tenantId: this.tenantId, part, revision },
      { contentCounter },
    );
    await this.#notify(part);
  }

  async #notify(part: DocumentPart): Promise<void> {
    await this.manager.query('SELECT pg_notify($1, $2)', [PUBLISHED_CHANNEL, `${this.tenantId} ${part}`]);
  }
}

interface HeadRow {
  tenant_id: string;
  part: DocumentPart;
  revision: string;
  content_counter: number;
}

/** The newest revision of every document of every tenant. Needs no tenant to be set. */
export async function publishedHeads(
  manager: EntityManager,
): Promise<readonly { tenantId: string; part: DocumentPart; revision: string; contentCounter: number }[]> {
  const rows = await manager.query<HeadRow[]>('SELECT * FROM control.published_heads()');
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    part: row.part,
    revision: row.revision,
    contentCounter: row.content_counter,
  }));
}
