import { readSettings } from "../../local/stack/settings.ts";
import { explainMissingStack, readStatus } from "../../local/stack/status.ts";

export { withConnection } from "../../local/postgres/with-connection.ts";

/**
 * Returns the URL of the database to work on: the given one, else DATABASE_URL, else that of the running local stack.
 * Rejects when there is none.
 */
export async function findDatabase(given?: string): Promise<string> {
  const url = given || process.env.DATABASE_URL || await findStack();
  if (URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)) return url;
  // The error does not repeat the address, which may hold a password.
  throw new Error(
    "The address of the database does not have the form postgresql://user@host:port/database.",
  );
}

async function findStack(): Promise<string> {
  const { stateDir } = readSettings();
  const status = await readStatus(stateDir);
  if (status) return status.DB_URL;
  throw new Error(
    `${await explainMissingStack(stateDir)}\nFor another database, give --url or DATABASE_URL.`,
  );
}

/** Describes the database of a URL for people, without its password. */
export function describeDatabase(url: string): string {
  const { hostname, port, username } = new URL(url);
  return `${databaseName(url)} at ${hostname}:${port || "5432"} (role ${username || "postgres"})`;
}

/** Returns the name of the database in a URL. */
export function databaseName(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1)) || "postgres";
}
