import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { startDatabase } from "../../../local/postgres/platform-database.ts";
import { loadKeys } from "../../../local/stack/keys.ts";
import { installPgTap } from "./install-pgtap.ts";

/**
 * Returns the URL (role `postgres`) of a database with all migrations: `PARLEY_TEST_DB_URL` if set, otherwise a
 * database on a Postgres of its own, which ends with `resources`. A given server must offer the extension pgtap. Nobody
 * else may be connected to the database, because it is copied; it stays as it was.
 */
export async function openTestServer(resources: AsyncDisposableStack): Promise<string> {
  return process.env.PARLEY_TEST_DB_URL || await startTestServer(resources);
}

async function startTestServer(resources: AsyncDisposableStack): Promise<string> {
  const stateDir = await mkdtemp(path.join(os.tmpdir(), "parley-test-database-"));
  // Ctrl-C also reaches initdb, which may still be removing its files.
  resources.defer(() => rm(stateDir, { recursive: true, force: true, maxRetries: 10 }));
  // As root, Postgres runs as another user, who must be able to enter this folder.
  await chmod(stateDir, 0o711);
  await installPgTap();

  const log: string[] = [];
  try {
    const database = await startDatabase({
      stateDir,
      port: { port: 0 },
      apiUrl: "http://127.0.0.1",
      keys: await loadKeys(stateDir),
      log: (part, line) => log.push(`${part} ${line}`),
    });
    resources.defer(() => database.service.stop());
    await database.migrate();
    return database.url("postgres");
  } catch (error) {
    throw new Error(["The test database did not start.", ...log].join("\n"), { cause: error });
  }
}
