// `npm run db:reset`: drops everything that the migrations made, and the users, and applies the migrations again.
import { readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { silentLog } from "../local/stack/log.ts";
import { resetDatabase } from "../local/migrations/migrations.ts";
import { loadKeys } from "../local/stack/keys.ts";
import { startDatabase } from "../local/postgres/platform-database.ts";
import { loadEnvFile, readSettings, REPOSITORY } from "../local/stack/settings.ts";
import { readStatus } from "../local/stack/status.ts";

loadEnvFile();
const { stateDir, dbPort } = readSettings();
const running = await readStatus(stateDir);
await (running ? rebuild(running.DB_URL) : rebuildStopped());

/** Applies the migrations and the sample data again. Prints the passwords of the sample users. */
async function rebuild(url: string): Promise<void> {
  await resetDatabase(url);
  console.log("The database is rebuilt from supabase/migrations/.");
  const client = new pg.Client(url);
  client.on("notice", ({ message }) => console.log(message));
  await client.connect();
  await client.query(await readFile(path.join(REPOSITORY, "supabase/seed.sql"), "utf8"));
  await client.end();
}

/** Starts Postgres for the time of the reset, because no stack is running. */
async function rebuildStopped(): Promise<void> {
  const keys = await loadKeys(stateDir);
  const database = await startDatabase({
    stateDir,
    port: { port: dbPort, variable: "PARLEY_DB_PORT" },
    apiUrl: "http://127.0.0.1",
    keys,
    log: silentLog,
  });
  try {
    await rebuild(database.url("postgres"));
  } finally {
    await database.service.stop();
  }
}
