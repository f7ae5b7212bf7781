/**
 * SQL that lets a table show only the rows of the tenant set for the transaction, and none when no tenant
 * is set; the table's owner is bound by it too.
 * @param table schema-qualified name
 * @param column the column that holds the tenant's id
 */
export function tenantTable(table: string, column = 'tenant_id'): string {
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant_isolation ON ${table}
      USING (${column} = nullif(current_setting('behavry.tenant_id', true), '')::uuid);`;
}
