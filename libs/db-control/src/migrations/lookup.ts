/** A function that looks across tenants: its signature, the columns that it gives, its query. */
export type Lookup = readonly [signature: string, columns: string, body: string];

/** @returns SQL of a function that sees past row-level security, for the app's role alone */
export function createLookup([signature, columns, body]: Lookup): string {
  return `
    CREATE FUNCTION control.${signature} RETURNS TABLE (${columns})
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $body$ ${body} $body$;
    REVOKE ALL ON FUNCTION ${bare(signature)} FROM PUBLIC;
    DO $grant$ BEGIN
      EXECUTE format('GRANT EXECUTE ON FUNCTION ${bare(signature)} TO %I', current_setting('behavry.app_role'));
    END $grant$;`;
}

export function dropLookup([signature]: Lookup): string {
  return `DROP FUNCTION ${bare(signature)};`;
}

function bare(signature: string): string {
  return `control.${signature.replace(/\bwanted /, '')}`;
}
