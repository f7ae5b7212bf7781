import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** Up to where a proxy's spool is stored: what makes delivery exactly once. Owner: audit-writer. */
@Entity({ schema: 'data', name: 'spool_positions', comment: 'owner: audit-writer' })
@Check('spool_positions_position_ck', 'position >= 0')
export class SpoolPositionEntity {
  @PrimaryColumn('uuid', { name: 'spool_id', primaryKeyConstraintName: 'spool_positions_pkey' })
  spoolId!: string;
  @Column('bigint') position!: string;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
