// `npm run db:setup-admin -- user@example.com`: makes a user an admin. On the running local stack, or on the database
// that SUPABASE_DB_URL or DATABASE_URL names (role postgres).
import pg from "pg";
import { loadEnvFile, readSettings } from "../local/settings.ts";
import { readStatus } from "../local/status.ts";

loadEnvFile();
try {
  const [email, ...rest] = process.argv.slice(2);
  if (!email || rest.length > 0) {
    throw new Error("Usage: npm run db:setup-admin -- user@example.com");
  }
  await setupAdmin(await findDatabase(), email);
  console.log(`${email} is an admin.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function findDatabase(): Promise<string> {
  const url = process.env.SUPABASE_DB_URL || process.env.DATABASE_URL;
  if (url) return url;
  const status = await readStatus(readSettings().stateDir);
  if (status) return status.DB_URL;
  throw new Error(
    "No stack is running. Start one with `npm start`, or set SUPABASE_DB_URL to another database's address.",
  );
}

async function setupAdmin(url: string, email: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query("select private.setup_admin($1)", [email]);
  } catch (error) {
    const isUnknown = error instanceof pg.DatabaseError && error.message === "user_not_found";
    throw isUnknown ? new Error(`Nobody has signed up as ${email}.`) : error;
  } finally {
    await client.end();
  }
}
