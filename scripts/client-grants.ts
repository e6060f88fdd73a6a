import type { Catalogue, Column, Relation, Verb } from "./reference/catalogue.ts";

const HEADER = "// Generated from the database by `npm run db:types`; do not edit.\n";
const CLIENTS = ["anon", "authenticated"];

/** Returns a module with what clients may do: columns by table, and RPCs. */
export function writeClientGrants({ relations, functions }: Catalogue): string {
  const tables = relations.filter(({ schema }) => schema === "public").flatMap((relation) =>
    columnsFor(relation, "select").length > 0 ? [writeTable(relation)] : []
  );
  const names = functions.filter(({ schema, isTrigger, callers }) =>
    schema === "public" && !isTrigger && callers.some((role) => CLIENTS.includes(role))
  ).map(({ name }) => name);
  return `${HEADER}
/** The columns that clients may read and write, by table. \`values\` has the literals of checked columns. */
export interface ClientTables {
${tables.join("")}}

/** The RPCs that clients may call. */
export type ClientFunctions = ${union([...new Set(names)])};
`;
}

function writeTable(relation: Relation): string {
  const readable = columnsFor(relation, "select");
  const values = relation.columns.filter(({ name, values }) => values && readable.includes(name))
    .map((column) => `${column.name}: ${literals(column)};`);
  return `${relation.name}: {
    select: ${union(readable)};
    insert: ${union(columnsFor(relation, "insert"))};
    update: ${union(columnsFor(relation, "update"))};
    values: ${values.length === 0 ? "Record<never, never>" : `{ ${values.join(" ")} }`};
  };
`;
}

function columnsFor({ columns, grants }: Relation, verb: Verb): string[] {
  const granted = grants.filter((grant) => grant.verb === verb && CLIENTS.includes(grant.role));
  return columns.map(({ name }) => name).filter((name) =>
    granted.some((grant) => grant.columns === null || grant.columns.includes(name))
  );
}

/** Returns the values that a check allows as types. */
function literals({ type, values }: Column): string {
  return /int|numeric/.test(type) ? (values ?? []).join(" | ") : union(values ?? []);
}

function union(names: string[]): string {
  return names.length === 0 ? "never" : names.map((name) => JSON.stringify(name)).join(" | ");
}
