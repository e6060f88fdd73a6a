// `npm run db:reset`: drops what the migrations made and applies them again; users go too.
import path from "node:path";
import { silentLog } from "../local/log.ts";
import { resetDatabase } from "../local/migrations.ts";
import { loadKeys } from "../local/keys.ts";
import { startDatabase } from "../local/database.ts";
import { loadEnvFile, readSettings, REPOSITORY } from "../local/settings.ts";
import { rememberMigrations } from "../local/state.ts";
import { readStatus } from "../local/status.ts";

loadEnvFile();
const { stateDir, dbPort } = readSettings();
const running = await readStatus(stateDir);
await (running ? resetDatabase(running.DB_URL) : resetStopped());
await rememberMigrations(stateDir, path.join(REPOSITORY, "sql"));
console.log("The database is rebuilt from sql/.");

/** Without a running stack, Postgres runs just long enough. */
async function resetStopped(): Promise<void> {
  const keys = await loadKeys(stateDir);
  const database = await startDatabase({
    stateDir,
    port: dbPort,
    apiUrl: "http://127.0.0.1",
    keys,
    log: silentLog,
  });
  try {
    await resetDatabase(database.url("postgres"));
  } finally {
    await database.service.stop();
  }
}
