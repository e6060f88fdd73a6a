// `npm run db:reset`: drops what the migrations made and applies them again; users go too.
import { silentLog } from "../local/log.ts";
import { resetDatabase } from "../local/migrations.ts";
import { loadKeys } from "../local/keys.ts";
import { startDatabase } from "../local/database.ts";
import { loadEnvFile, readSettings } from "../local/settings.ts";
import { readStatus } from "../local/status.ts";

loadEnvFile();
const { stateDir, dbPort } = readSettings();
const running = await readStatus(stateDir);
console.log(running ? await resetDatabase(running.DB_URL) : await resetStopped());

/** Without a running stack, Postgres runs just long enough. */
async function resetStopped(): Promise<string> {
  const keys = await loadKeys(stateDir);
  const database = await startDatabase({
    stateDir,
    port: dbPort,
    apiUrl: "http://127.0.0.1",
    keys,
    log: silentLog,
  });
  try {
    return await resetDatabase(database.url("postgres"));
  } finally {
    await database.service.stop();
  }
}
