/**
 * SQL that lets a table show only the rows of the tenant set for the transaction, and none when no tenant
 * is set; the table's owner is bound by it too.
 * @param table schema-qualified name
 */
export function tenantTable(table: string): string {
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant_isolation ON ${table}
      USING (tenant_id = nullif(current_setting('behavry.tenant_id', true), '')::uuid);`;
}
