import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PublishedDocumentRepository, type DocumentPart, type PublishedDocument } from '@behavry/db-control';
import { sha256Hex, withTenant } from '@behavry/platform';
import { Waiters } from './waiters';

/** One form of a document as it is sent. */
export interface ServedForm {
  readonly body: Buffer;
  /** Strong, of the bytes. */
  readonly etag: string;
}

/** A published document, ready to be sent. */
export interface ServedDocument extends ServedForm {
  readonly revision: string;
  readonly signedBy: string;
  /** The archive with its signature; the config document has only the one, signed form. */
  readonly signed: ServedForm | undefined;
}

/** The newest documents in memory: polls are answered from here, also while the database is away. */
@Injectable()
export class PublishedStore {
  readonly #documents = new Map<string, ServedDocument>();

  constructor(
    private readonly database: DataSource,
    private readonly waiters: Waiters,
  ) {}

  /** The document in memory, without looking anywhere else. */
  peek(tenantId: string, part: DocumentPart): ServedDocument | undefined {
    return this.#documents.get(`${tenantId} ${part}`);
  }

  /** The document, loaded from the database when this process has not seen it yet; never built here. */
  async get(tenantId: string, part: DocumentPart): Promise<ServedDocument | undefined> {
    if (!this.peek(tenantId, part)) await this.refresh(tenantId, part);
    return this.peek(tenantId, part);
  }

  /** Loads the newest revision when it is not the one in memory. */
  async refresh(tenantId: string, part: DocumentPart): Promise<void> {
    const latest = await withTenant(this.database, tenantId, async (manager) => {
      const documents = new PublishedDocumentRepository(manager, tenantId);
      const head = await documents.head(part);
      const isKnown = head === undefined || head.revision === this.peek(tenantId, part)?.revision;
      return isKnown ? undefined : documents.latest(part);
    });
    if (latest) this.put(tenantId, part, latest);
  }

  /** Takes a document unless a newer one is there, and wakes who waits for it. */
  put(tenantId: string, part: DocumentPart, document: PublishedDocument): void {
    const present = this.peek(tenantId, part);
    // Revisions of a tenant only rise, and their texts sort like their times.
    if (present && present.revision >= document.revision) return;
    this.#documents.set(`${tenantId} ${part}`, {
      ...form(document.body),
      revision: document.revision,
      signedBy: document.signedBy,
      signed: document.signedBody ? form(document.signedBody) : undefined,
    });
    this.waiters.wake(tenantId);
  }

  /** Forgets tenants that are no more. */
  keepOnly(tenantIds: ReadonlySet<string>): void {
    for (const name of [...this.#documents.keys()]) {
      if (!tenantIds.has(name.split(' ')[0] ?? '')) this.#documents.delete(name);
    }
  }
}

function form(body: Buffer): ServedForm {
  return { body, etag: `"sha256-${sha256Hex(body)}"` };
}
