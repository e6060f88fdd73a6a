// `npm run db:setup-admin -- user@example.com [--unconfirmed] [--url …]`: makes a user with a confirmed address an
// admin. With --unconfirmed, the address need not be confirmed. The database is that of --url, SUPABASE_DB_URL or
// DATABASE_URL (role postgres), or else that of the running local stack.
import { parseArgs } from "node:util";
import pg from "pg";
import { withConnection } from "../local/postgres/with-connection.ts";
import { findDatabase } from "./operations/find-database.ts";
import { runScript } from "./operations/run-script.ts";

await runScript(async () => {
  const { values, positionals: [email, ...rest] } = parseArgs({
    options: { url: { type: "string" }, unconfirmed: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  if (!email || rest.length > 0) {
    throw new Error("Usage: npm run db:setup-admin -- user@example.com [--unconfirmed]");
  }
  const url = await findDatabase(values.url || process.env.SUPABASE_DB_URL);
  await withConnection(url, (client) => setupAdmin(client, email, values.unconfirmed));
  console.log(`${email} is an admin.`);
});

async function setupAdmin(
  client: pg.Client,
  email: string,
  allowUnconfirmed: boolean,
): Promise<void> {
  try {
    await client.query("select private.setup_admin($1, $2)", [email, allowUnconfirmed]);
  } catch (error) {
    const code = error instanceof pg.DatabaseError && error.message;
    if (code === "user_not_found") throw new Error(`No user has signed up as ${email}.`);
    if (code === "email_not_confirmed") {
      throw new Error(
        `${email} is not confirmed, so anybody may have signed up with it. Confirm the address first, ` +
          "or add --unconfirmed if you know who it is.",
      );
    }
    throw error;
  }
}
