import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { type PlatformDatabase, preparePlatform, startDatabase } from "./platform-database.ts";
import { loadKeys } from "../stack/keys.ts";
import { silentLog } from "../stack/log.ts";
import { SUPERUSER } from "./names.ts";
import { withConnection } from "./with-connection.ts";

/** A database in a temporary directory. Disposing stops Postgres and removes the directory. */
export interface ScratchDatabase extends AsyncDisposable {
  url: PlatformDatabase["url"];
  /** Creates another database with the schemas that a Supabase project has before its first migration. */
  createDatabase(name: string): Promise<void>;
}

/** Starts a migrated Postgres for one run of a script: `await using database = await startScratchDatabase()`. */
export async function startScratchDatabase(
  { isMigrated = true }: { isMigrated?: boolean } = {},
): Promise<ScratchDatabase> {
  await using parts = new AsyncDisposableStack();
  const stateDir = await mkdtemp(path.join(os.tmpdir(), "parley-scratch-"));
  parts.defer(() => rm(stateDir, { recursive: true, force: true }));
  const keys = await loadKeys(stateDir);
  const database = await startDatabase({
    stateDir,
    port: { port: 0 },
    apiUrl: "http://127.0.0.1",
    keys,
    log: silentLog,
  });
  parts.defer(() => database.service.stop());
  if (isMigrated) await database.migrate();
  const owned = parts.move();
  return {
    url: database.url,
    async createDatabase(name) {
      await createEmpty(database.url(SUPERUSER), name);
      await preparePlatform(database.url(SUPERUSER, name), { apiUrl: "http://127.0.0.1", keys });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function createEmpty(admin: string, name: string): Promise<void> {
  const statement = `create database ${pg.escapeIdentifier(name)} owner postgres`;
  await withConnection(admin, (client) => client.query(statement));
}
