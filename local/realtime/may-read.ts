import { randomUUID } from "node:crypto";
import type { JWTPayload } from "jose";
import type pg from "pg";
import { inTransaction } from "../postgres/in-transaction.ts";

/**
 * Tells whether the policies on `realtime.messages` let the holder of these claims read a topic. As on Supabase, the
 * check inserts a row, reads it with the rights of the user, and rolls back.
 * Source: https://supabase.com/docs/guides/realtime/authorization#how-it-works
 */
export function mayRead(pool: pg.Pool, topic: string, claims: JWTPayload): Promise<boolean> {
  const id = randomUUID();
  return inTransaction(pool, async (db) => {
    await db.query(
      "insert into realtime.messages (id, topic, extension, private) values ($1, $2, 'broadcast', true)",
      [id, topic],
    );
    await db.query(
      `select set_config('realtime.topic', $1, true), set_config('request.jwt.claims', $2, true),
         set_config('request.jwt.claim.sub', $3, true), set_config('role', $4, true)`,
      [topic, JSON.stringify(claims), claims.sub ?? "", claims.role],
    );
    const { rowCount } = await db.query("select from realtime.messages where id = $1", [id]);
    return rowCount === 1;
  }, "rollback");
}
