import type { JWTPayload } from "jose";
import type { Pool, PoolClient } from "pg";
import { inTransaction } from "../../postgres/in-transaction.ts";

/** The role, claims and operation of a request, on which row-level security bases its decision. */
export interface Actor {
  role: string;
  claims: JWTPayload;
  /** The result of `storage.operation()` in policies, e.g. `object.upload`. */
  operation: string;
}

/** Returns an actor without restrictions, for requests that a public bucket or a signature already allows. */
export function asService(operation: string): Actor {
  return { role: "service_role", claims: { role: "service_role" }, operation };
}

const ACT_AS = `select set_config('request.jwt.claims', $2, true),
  set_config('request.jwt.claim.sub', $3, true),
  set_config('request.jwt.claim.role', $1, true),
  set_config('storage.operation', $4, true),
  set_config('storage.allow_delete_query', 'true', true),
  set_config('role', $1, true)`;

/** Runs work in one transaction with the actor's role and claims. */
export function transact<T>(
  database: Pool,
  actor: Actor,
  work: (db: PoolClient) => Promise<T>,
): Promise<T> {
  return run(database, actor, work, "commit");
}

/** Runs work and rolls it back. Rejects as Postgres would refuse it, before any byte of an upload is read. */
export async function rehearse(
  database: Pool,
  actor: Actor,
  work: (db: PoolClient) => Promise<unknown>,
): Promise<void> {
  await run(database, actor, work, "rollback");
}

function run<T>(
  database: Pool,
  { role, claims, operation }: Actor,
  work: (db: PoolClient) => Promise<T>,
  end: "commit" | "rollback",
): Promise<T> {
  const values = [role, JSON.stringify(claims), claims.sub ?? "", `storage.${operation}`];
  return inTransaction(database, async (db) => {
    await db.query(ACT_AS, values);
    return await work(db);
  }, end);
}
