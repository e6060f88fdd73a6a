import pg from "pg";

/** Connections to Postgres that may break at any time, in use or not: whoever uses one is told by the query. */
export function openPool(connectionString: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString, max });
  // Without a listener each would end the process. The next query opens another connection.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}
