import type { Pool, PoolClient } from "pg";

/**
 * Runs `work` in one transaction, which then commits or, with `end` as "rollback", rolls back. Rolls back and rejects
 * when `work` rejects.
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (db: PoolClient) => Promise<T>,
  end: "commit" | "rollback" = "commit",
): Promise<T> {
  const db = await pool.connect();
  try {
    await db.query("begin");
    const result = await work(db);
    await db.query(end);
    db.release();
    return result;
  } catch (error) {
    // When even the rollback fails, the connection is broken and the pool must drop it.
    await db.query("rollback").then(() => db.release(), (broken) => db.release(broken));
    throw error;
  }
}
