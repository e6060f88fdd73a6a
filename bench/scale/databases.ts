import path from "node:path";
import pg from "pg";
import { type PlatformDatabase, startDatabase } from "../../local/postgres/platform-database.ts";
import { loadKeys, type StackKeys } from "../../local/stack/keys.ts";
import { silentLog } from "../../local/stack/log.ts";
import { SUPERUSER } from "../../local/postgres/names.ts";
import { temporaryState } from "../stack.ts";

/** A Postgres with a migrated database for each size, so that all sizes can be measured alternately. */
export interface ScaleDatabases extends AsyncDisposable {
  stateDir: string;
  port: number;
  keys: StackKeys;
  /** Connects as the superuser, who may assume every role. */
  connect(database: string): Promise<pg.Client>;
}

/** Starts an empty Postgres; disposing removes everything. */
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
    // The benchmark vacuums by itself, so that autovacuum cannot start during a measurement.
    await client.query("alter system set autovacuum = off");
    await client.query("select pg_reload_conf()");
    // The naive policies have a role of their own, so that they affect no other queries.
    await client.query("create role parley_naive nologin");
    for (const name of names) {
      await client.query(`create database ${pg.escapeIdentifier(name)} template postgres`);
    }
  } finally {
    await client.end();
  }
}
