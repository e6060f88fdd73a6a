import type pg from "pg";
import type { Operation, Statement } from "./operations.ts";
import type { Subject } from "./subjects.ts";

/** Parley's policies, no policies, or the naive policies. */
export type Variant = "secured" | "bare" | "naive";

/**
 * Returns the milliseconds of one statement in a transaction as PostgREST makes it, with role and claims set
 * first. The transaction is rolled back. Throws if the number of rows is wrong.
 */
export async function timeSql(
  client: pg.Client,
  operation: Operation,
  variant: Variant,
  subject: Subject,
): Promise<number> {
  await begin(client, roleOf(operation, variant), subject);
  const prepared = await prepare(client, operation, subject);
  const { text, values } = variant === "bare" ? operation.bare(prepared) : operation.sql(prepared);
  const startedAt = performance.now();
  const { rowCount } = await client.query(text, values);
  const elapsed = performance.now() - startedAt;
  await client.query("rollback");
  if (rowCount === operation.rows) return elapsed;
  throw new Error(`${operation.name}: ${rowCount} rows instead of ${operation.rows}`);
}

/** Returns the plan of a statement and how Postgres ran it. */
export async function explainSql(
  client: pg.Client,
  operation: Operation,
  variant: Variant,
  subject: Subject,
): Promise<string> {
  await begin(client, roleOf(operation, variant), subject);
  const prepared = await prepare(client, operation, subject);
  const { text, values } = variant === "bare" ? operation.bare(prepared) : operation.sql(prepared);
  const { rows } = await client.query<{ "QUERY PLAN": string }>(
    `explain (analyze, buffers) ${text}`,
    values,
  );
  await client.query("rollback");
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

function roleOf({ role }: Operation, variant: Variant): string {
  return { secured: role, bare: "postgres", naive: "parley_naive" }[variant];
}

async function begin(client: pg.Client, role: string, { auth_id }: Subject): Promise<void> {
  await client.query("begin");
  const claims = JSON.stringify({ sub: auth_id, session_id: auth_id, role: "authenticated" });
  await client.query(
    `select set_config('role', $1, true), set_config('request.jwt.claims', $2, true),
       set_config('request.jwt.claim.sub', $3, true)`,
    [role, claims, auth_id],
  );
}

async function prepare(
  client: pg.Client,
  { first }: Operation,
  subject: Subject,
): Promise<Subject> {
  if (!first) return subject;
  const { text, values }: Statement = first(subject);
  const { rows: [row] } = await client.query<{ id: string }>(text, values);
  return { ...subject, session_id: row?.id ?? "" };
}
