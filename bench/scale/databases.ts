import path from "node:path";
import pg from "pg";
import { type PlatformDatabase, startDatabase } from "../../local/postgres/platform-database.ts";
import { loadKeys, type StackKeys } from "../../local/stack/keys.ts";
import { silentLog } from "../../local/stack/log.ts";
import { SUPERUSER } from "../../local/postgres/names.ts";
import { temporaryState } from "../stack.ts";

/** A Postgres with a migrated database for each size, side by side, so that they can be measured in turn. */
export interface ScaleDatabases extends AsyncDisposable {
  stateDir: string;
  port: number;
  keys: StackKeys;
  /** A connection as the superuser, which may take on every role. */
  connect(database: string): Promise<pg.Client>;
}

/** Starts it with nothing in it; disposing removes all. */
export async function startDatabases(names: string[]): Promise<ScaleDatabases> {
  await using parts = new AsyncDisposableStack();
  const { directory: stateDir } = parts.use(await temporaryState());
  const keys = await loadKeys(stateDir);
  const database = await startDatabase({
    stateDir: path.resolve(stateDir),
    port: { port: 0 },
    apiUrl: "http://127.0.0.1",
    keys,
    log: silentLog,
  });
  parts.defer(() => database.service.stop());
  await database.migrate();
  await copyDatabase(database, names);
  const connect = async (name: string) => {
    const client = new pg.Client(database.url(SUPERUSER, name));
    await client.connect();
    return client;
  };
  const owned = parts.move();
  const { port } = database;
  return { stateDir, port, keys, connect, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function copyDatabase(database: PlatformDatabase, names: string[]): Promise<void> {
  const client = new pg.Client(database.url(SUPERUSER, "template1"));
  await client.connect();
  try {
    // Vacuumed by the bench itself: it should begin in the middle of no measurement.
    await client.query("alter system set autovacuum = off");
    await client.query("select pg_reload_conf()");
    // The policies that are warned of get a role of their own: what they say meets nobody else.
    await client.query("create role parley_naive nologin");
    for (const name of names) {
      await client.query(`create database ${pg.escapeIdentifier(name)} template postgres`);
    }
  } finally {
    await client.end();
  }
}
