// `npm run db:migrate [-- --dry-run] [--url …]`: applies the missing migrations, both Parley's and the team's.
import { parseArgs } from "node:util";
import { migrateDatabase } from "../local/migrations/migrate-database.ts";
import { describeDatabase, findDatabase } from "./operations/find-database.ts";
import { runScript } from "./operations/run-script.ts";

await runScript(async () => {
  const { values } = parseArgs({
    options: { url: { type: "string" }, "dry-run": { type: "boolean", default: false } },
  });
  const url = await findDatabase(values.url);
  console.log(describeDatabase(url));
  const isDryRun = values["dry-run"];
  // Only a hosted project has a Vault. A database without an explicit address is that of the local stack.
  const withVault = Boolean(values.url || process.env.DATABASE_URL);
  const { replaced, pending } = await migrateDatabase(url, {
    isDryRun,
    withVault,
    log: console.log,
  });
  if (replaced.length + pending.length === 0) console.log("The database is up to date.");
  else console.log(isDryRun ? "Nothing was changed." : "The database is migrated.");
});
