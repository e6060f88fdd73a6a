import type { Catalogue, Column, Relation, Verb } from "./catalogue.ts";
import { writeCode, writePage, writeTable } from "./markdown.ts";

const VERBS: Verb[] = ["select", "insert", "update", "delete"];
const ROLES = ["anon", "authenticated", "service_role"];

/** Writes `tables.md`: the columns of every table and view, and the roles that may read and write them. */
export function writeTablesPage({ relations }: Catalogue): string {
  const exposed = relations.filter(({ schema }) => schema === "public");
  const hidden = relations.filter(({ schema }) => schema !== "public");
  return writePage("Tables", "the catalogue of the database", [
    "Clients reach the schema `public` over the REST API. A cell of an access table names the rows that a role may " +
    "reach: the condition of a policy, and the columns when not all are open. `service_role` is the secret key.",
    "## Tables of the REST API",
    ...exposed.flatMap(writeRelation),
    "## Tables that no API reaches",
    "The schema `private` is not exposed. Only SQL functions and `postgres` use these tables.",
    ...hidden.flatMap(writeRelation),
  ]);
}

function writeRelation(relation: Relation): string[] {
  const { schema, name, kind, comment, columns } = relation;
  const title = schema === "public" ? name : `${schema}.${name}`;
  return [
    `### ${title}`,
    `${kind === "view" ? "View. " : ""}${comment ?? ""}`,
    writeTable(["column", "type", "null", "default", "what"], columns.map(writeColumn)),
    writeAccess(relation),
  ];
}

function writeColumn(
  { name, type, nullable, default: value, comment, values, references }: Column,
) {
  const what = [
    comment ?? "",
    values === null ? "" : `One of ${values.map(writeCode).join(", ")}.`,
    references === null ? "" : `References ${writeCode(references)}.`,
  ];
  return [
    writeCode(name),
    type,
    nullable ? "yes" : "",
    writeCode(value),
    what.filter((part) => part !== "").join(" "),
  ];
}

function writeAccess(relation: Relation): string {
  const rows = ROLES.filter((role) => relation.grants.some((grant) => grant.role === role))
    .map((role) => [writeCode(role), ...VERBS.map((verb) => writeCell(relation, role, verb))]);
  if (rows.length === 0) return "No role of the API may read or write it.";
  return writeTable(["role", "read", "insert", "update", "delete"], rows);
}

function writeCell({ grants, policies, kind }: Relation, role: string, verb: Verb): string {
  const grant = grants.find((each) => each.role === role && each.verb === verb);
  if (!grant) return "no";
  const columns = grant.columns?.map(writeCode).join(", ");
  const suffix = columns === undefined ? "" : `; columns ${columns}`;
  if (role === "service_role") return `all rows${suffix}`;
  if (kind === "view") return `what the tables behind it allow${suffix}`;
  const rules = policies
    .filter((policy) => policy.verb === verb && policy.roles.includes(role))
    .map(({ using, check }) => writeCondition(using ?? check));
  return rules.length === 0 ? "no row" : `${rules.join(" or ")}${suffix}`;
}

/** Writes the condition of a policy in its original form, without the parentheses and aliases that Postgres adds. */
function writeCondition(expression: string | null): string {
  if (expression === null || expression === "true") return "all rows";
  const plain = expression.replaceAll(/\( ?SELECT ([\w.]+\(\)) AS \w+\)/g, "$1");
  return writeCode(plain.replace(/^\(([^()]*(?:\(\))?[^()]*)\)$/, "$1"));
}
