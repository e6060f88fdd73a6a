import type { Context } from "hono";
import type { FunctionEnv } from "./context.ts";
import type { Log } from "./log.ts";

/** The release that these functions belong to. `npm run check` compares it with package.json and the database. */
export const RELEASE = "0.1.0";

/**
 * The error codes of PostgREST and Postgres for a function, table or column that the database lacks:
 * https://docs.postgrest.org/en/stable/references/errors.html
 */
const MISSING = new Set(["PGRST202", "PGRST204", "PGRST205", "42883", "42703", "42P01"]);

/** Returns true if an error or its cause says that the database lacks a function, table or column. */
export function isOutdated(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  if ("code" in error && typeof error.code === "string" && MISSING.has(error.code)) return true;
  return "cause" in error && error.cause !== error && isOutdated(error.cause);
}

/**
 * Returns true and logs both releases if the database has another release than the functions. Returns false if the
 * releases are the same, because the error then has another cause. Only a failed request asks the database.
 */
export async function confirmOutdated(c: Context<FunctionEnv>, log: Log): Promise<boolean> {
  const release = await c.var.supabaseContext?.supabaseAdmin.rpc("release");
  const found = release?.data ?? "unknown";
  if (found === RELEASE) return false;
  log.error("database_outdated", {
    request_id: c.var.requestId,
    database_release: found,
    functions_release: RELEASE,
    what_to_do: `database ${found}, functions need ${RELEASE}: npm run db:migrate`,
  });
  return true;
}
