import type { LicenseState, PublicJwk } from '@behavry/contracts';
import type { EntityManager } from 'typeorm';
import { UplinkMemoryEntity } from './uplink-memory.entity';

export type TokenState = 'unused' | 'accepted' | 'refused';

export interface UplinkMemory {
  readonly license: LicenseState | null;
  readonly bundleKeys: readonly PublicJwk[] | null;
  readonly bundleKeysPinnedAt: Date | null;
  readonly configGeneration: number | null;
  readonly configRevision: string | null;
  readonly configReceivedAt: Date | null;
  readonly tokenAcceptedAt: Date | null;
  readonly tokenState: TokenState;
}

const BLANK: UplinkMemory = {
  license: null,
  bundleKeys: null,
  bundleKeysPinnedAt: null,
  configGeneration: null,
  configRevision: null,
  configReceivedAt: null,
  tokenAcceptedAt: null,
  tokenState: 'unused',
};

/** The uplink's memory of one plane. */
export class UplinkMemoryRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** What is remembered; blank before the first contact. */
  async read(): Promise<UplinkMemory> {
    const row = await this.manager.findOneBy(UplinkMemoryEntity, { tenantId: this.tenantId });
    if (!row) return BLANK;
    const memory: UplinkMemory & { tenantId?: string } = Object.assign({}, row, {
      tokenState: row.tokenState as TokenState,
    });
    delete memory.tenantId;
    return memory;
  }

  /** Remembers the given facts and leaves the others as they are. */
  async write(change: Partial<UplinkMemory>): Promise<void> {
    const row = { ...(await this.read()), ...change, tenantId: this.tenantId };
    await this.manager.upsert(UplinkMemoryEntity, row, ['tenantId']);
  }
}
