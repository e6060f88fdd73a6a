import type { JWTPayload } from "jose";
import type { Pool, PoolClient } from "pg";

/** Who asks Postgres for something, and for what: row-level security judges by it. */
export interface Actor {
  role: string;
  claims: JWTPayload;
  /** What `storage.operation()` answers to policies, e.g. `object.upload`. */
  operation: string;
}

/** Storage itself, which no policy binds: for what a public bucket or a signature has allowed already. */
export function asService(operation: string): Actor {
  return { role: "service_role", claims: { role: "service_role" }, operation };
}

const ACT_AS = `select set_config('request.jwt.claims', $2, true),
  set_config('request.jwt.claim.sub', $3, true),
  set_config('request.jwt.claim.role', $1, true),
  set_config('storage.operation', $4, true),
  set_config('role', $1, true)`;

/** Runs work in one transaction with the actor's role and claims. */
export function transact<T>(
  database: Pool,
  actor: Actor,
  work: (db: PoolClient) => Promise<T>,
): Promise<T> {
  return run(database, actor, work, "commit");
}

/** Runs work and undoes it: throws what Postgres would refuse, before any byte is taken. */
export async function rehearse(
  database: Pool,
  actor: Actor,
  work: (db: PoolClient) => Promise<unknown>,
): Promise<void> {
  await run(database, actor, work, "rollback");
}

async function run<T>(
  database: Pool,
  { role, claims, operation }: Actor,
  work: (db: PoolClient) => Promise<T>,
  end: "commit" | "rollback",
): Promise<T> {
  const db = await database.connect();
  try {
    await db.query("begin");
    await db.query(ACT_AS, [
      role,
      JSON.stringify(claims),
      claims.sub ?? "",
      `storage.${operation}`,
    ]);
    const result = await work(db);
    await db.query(end);
    db.release();
    return result;
  } catch (error) {
    // The pool drops a connection that cannot even roll back.
    await db.query("rollback").then(() => db.release(), (broken) => db.release(broken));
    throw error;
  }
}
