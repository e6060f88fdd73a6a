// `npm run db:setup-admin -- user@example.com [--url …]`: makes a user an admin. The database is that of --url,
// SUPABASE_DB_URL or DATABASE_URL (role postgres), or else that of the running local stack.
import { parseArgs } from "node:util";
import pg from "pg";
import { withConnection } from "../local/postgres/with-connection.ts";
import { findDatabase } from "./operations/find-database.ts";
import { runScript } from "./operations/run-script.ts";

await runScript(async () => {
  const { values, positionals: [email, ...rest] } = parseArgs({
    options: { url: { type: "string" } },
    allowPositionals: true,
  });
  if (!email || rest.length > 0) {
    throw new Error("Usage: npm run db:setup-admin -- user@example.com");
  }
  const url = await findDatabase(values.url || process.env.SUPABASE_DB_URL);
  await withConnection(url, (client) => setupAdmin(client, email));
  console.log(`${email} is an admin.`);
});

async function setupAdmin(client: pg.Client, email: string): Promise<void> {
  try {
    await client.query("select private.setup_admin($1)", [email]);
  } catch (error) {
    const isUnknown = error instanceof pg.DatabaseError && error.message === "user_not_found";
    throw isUnknown ? new Error(`No user has signed up as ${email}.`) : error;
  }
}
