import type { IntrospectResult } from "@supabase/lite";

/** The schemas that the REST API shows; the same as `schemas` in config.toml. */
export const EXPOSED_SCHEMAS = ["public"];

/**
 * Leaves out what lies in schemas that are not exposed. lite looks tables up by their bare name, so that a table of a
 * team's own that is named like one of `auth` would be taken for that one.
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

/** lite forgets which schema a key refers to. Postgres names it unless it is in the search path: then it is public. */
function referencedSchema(definition: string): string {
  const [, quoted, plain] = /REFERENCES (?:"([^"]+)"|(\w+))\./.exec(definition) ?? [];
  return quoted ?? plain ?? "public";
}
