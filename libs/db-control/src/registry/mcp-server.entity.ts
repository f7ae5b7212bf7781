import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';

/** An MCP server that agents of the tenant may reach. Holds references to secrets, never secrets. Owner: policy-service. */
@Entity({ schema: 'control', name: 'mcp_servers', comment: 'owner: policy-service' })
@Check('mcp_servers_transport_ck', `transport IN ('streamable-http', 'stdio')`)
export class McpServerEntity {
  @ForeignKey(() => TenantEntity, { name: 'mcp_servers_tenant_id_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'mcp_servers_pkey' })
  tenantId!: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'mcp_servers_pkey' }) id!: string;
  @Column('text') name!: string;
  @Column('text') transport!: string;
  @Column('text', { nullable: true }) url!: string | null;
  @Column('jsonb') headers!: Record<string, string>;
  @Column('text', { nullable: true }) command!: string | null;
  @Column('text', { array: true }) args!: string[];
  @Column('jsonb') env!: Record<string, string>;
  @Column('boolean') enabled!: boolean;
  @Column('integer') version!: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
