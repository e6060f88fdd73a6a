import type { IntrospectResult } from "@supabase/lite";

/** The schemas of the REST API, the same as `schemas` in config.toml. */
export const EXPOSED_SCHEMAS = ["public"];

/**
 * Removes the objects of schemas that are not exposed. lite finds tables by name alone, so it could confuse a team's
 * table with a table of the same name in `auth`.
 */
export function exposedOnly(found: IntrospectResult): IntrospectResult {
  const isExposed = ({ schema }: { schema: string }) => EXPOSED_SCHEMAS.includes(schema);
  return {
    ...found,
    tables: found.tables.filter(isExposed),
    columns: found.columns.filter(isExposed),
    indexes: found.indexes.filter(isExposed),
    foreign_keys: found.foreign_keys.filter((key) =>
      isExposed(key) && isExposed({ schema: referencedSchema(key.fk_def) })
    ),
    primary_keys: found.primary_keys.filter(isExposed),
    views: found.views.filter(isExposed),
    check_constraints: found.check_constraints.filter(isExposed),
    unique_constraints: found.unique_constraints.filter(isExposed),
    comments: found.comments.filter(isExposed),
  };
}

/**
 * Reads the schema of the referenced table from the definition of a foreign key, because lite does not keep it.
 * Postgres omits the schema when it is in the search path; then it is `public`.
 */
function referencedSchema(definition: string): string {
  const [, quoted, plain] = /REFERENCES (?:"([^"]+)"|(\w+))\./.exec(definition) ?? [];
  return quoted ?? plain ?? "public";
}
