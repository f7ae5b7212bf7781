import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PublishedDocumentRepository } from '@behavry/db-control';
import { withTenant } from '@behavry/platform';

/** The policy revision that a tenant's data planes should run. */
@Injectable()
export class DesiredRevision {
  constructor(private readonly database: DataSource) {}

  /** @returns the newest published revision, null while there is none */
  async of(tenantId: string): Promise<string | null> {
    const head = await withTenant(this.database, tenantId, (manager) =>
      new PublishedDocumentRepository(manager, tenantId).head('policy'),
    );
    return head?.revision ?? null;
  }
}
