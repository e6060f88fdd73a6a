import pg from "pg";

/** Opens a pool whose connections may break at any time. A query on a broken connection rejects. */
export function openPool(connectionString: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString, max });
  // Without these listeners, a broken connection would end the process. The next query opens another connection.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}
