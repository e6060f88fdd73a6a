import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type PlatformDatabase, startDatabase } from "./platform-database.ts";
import { loadKeys } from "../stack/keys.ts";
import { silentLog } from "../stack/log.ts";

/** A migrated database in a temporary directory; disposing ends it and removes everything. */
export interface ScratchDatabase extends AsyncDisposable {
  url: PlatformDatabase["url"];
}

/** Starts a Postgres for one run of a script: `await using database = await startScratchDatabase()`. */
export async function startScratchDatabase(): Promise<ScratchDatabase> {
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
  await database.migrate();
  const owned = parts.move();
  return { url: database.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
