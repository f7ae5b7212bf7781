import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Up to which audit row a tenant's behaviour has been counted. Owner: behavior-monitor. */
@Entity({ schema: 'data', name: 'risk_cursors', comment: 'owner: behavior-monitor' })
export class RiskCursorEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'risk_cursors_pkey' })
  tenantId!: string;
  @Column('bigint') seq!: string;
}
