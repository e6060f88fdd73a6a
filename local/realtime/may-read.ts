import { randomUUID } from "node:crypto";
import type { JWTPayload } from "jose";
import type pg from "pg";

/**
 * Tells whether the policies on `realtime.messages` let the holder of these claims read a topic. As on Supabase, the
 * check inserts a row, reads it with the rights of the user, and rolls back.
 * Source: https://supabase.com/docs/guides/realtime/authorization#how-it-works
 */
export async function mayRead(pool: pg.Pool, topic: string, claims: JWTPayload): Promise<boolean> {
  const id = randomUUID();
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query(
      "insert into realtime.messages (id, topic, extension, private) values ($1, $2, 'broadcast', true)",
      [id, topic],
    );
    await client.query(
      `select set_config('realtime.topic', $1, true), set_config('request.jwt.claims', $2, true),
         set_config('role', $3, true)`,
      [topic, JSON.stringify(claims), claims.role],
    );
    const { rowCount } = await client.query("select from realtime.messages where id = $1", [id]);
    return rowCount === 1;
  } finally {
    await client.query("rollback").finally(() => client.release());
  }
}
