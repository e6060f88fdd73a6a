import pg from "pg";

/** Connects to the database at `url`, passes the client to `use`, and disconnects when `use` settles. */
export async function withConnection<T>(
  url: string,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "parley" });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
