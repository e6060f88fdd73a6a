import pg from "pg";
import { readSettings } from "../../local/stack/settings.ts";
import { readStatus } from "../../local/stack/status.ts";

/** URL of the database to work on: the given one, else DATABASE_URL, else the running local stack's. Rejects without. */
export async function findDatabase(given?: string): Promise<string> {
  const url = given || process.env.DATABASE_URL || await findStack();
  if (URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)) return url;
  // The address is not repeated: it may hold a password.
  throw new Error(
    "The database's address is not of the form postgresql://user@host:port/database.",
  );
}

async function findStack(): Promise<string> {
  const status = await readStatus(readSettings().stateDir);
  if (status) return status.DB_URL;
  throw new Error(
    "No stack is running. Start one with `npm start`, or give --url or DATABASE_URL.",
  );
}

/** Runs `use` on a connection to the database at `url`, and closes it. */
export async function withConnection<Result>(
  url: string,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url, application_name: "parley" });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Which database a URL names, for people: never with its password. */
export function describeDatabase(url: string): string {
  const { hostname, port, username } = new URL(url);
  return `${databaseName(url)} at ${hostname}:${port || "5432"} (role ${username || "postgres"})`;
}

/** Name of the database that a URL names. */
export function databaseName(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1)) || "postgres";
}
