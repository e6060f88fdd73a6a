import { chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { bindPort } from "../../local/stack/bind-port.ts";
import { preparePlatform } from "../../local/postgres/platform-database.ts";
import { loadKeys } from "../../local/stack/keys.ts";
import { pushMigrations } from "../../local/migrations/migrations.ts";
import { postgresUser } from "../../local/postgres/binaries.ts";
import { databaseUrl } from "../../local/postgres/cluster.ts";
import { SUPERUSER } from "../../local/postgres/names.ts";
import { withConnection } from "../../scripts/operations/find-database.ts";
import { type Service, startService } from "../../local/stack/service.ts";

/** A server of Debian's PostgreSQL 15 that ends with the run. */
export interface TestServer {
  /** Returns the connection URL of a role in a database. */
  url(user: "postgres" | typeof SUPERUSER, database?: string): string;
  /** Creates an empty database. */
  createDatabase(database: string): Promise<void>;
  /** Gives a database what a Supabase project has before its first migration. */
  preparePlatform(database: string): Promise<void>;
  /** Applies the migrations to a database. */
  migrate(database: string): Promise<void>;
}

const BINARIES = "/usr/lib/postgresql/15/bin";
const FLAGS = [
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "fsync=off",
  "synchronous_commit=off",
  "full_page_writes=off",
  "wal_level=logical",
  "shared_preload_libraries=pg_cron",
  "cron.database_name=postgres",
  // Jobs run inside the server, because a connection of their own would need a password file.
  "cron.use_background_workers=on",
  "max_worker_processes=16",
];

/** Starts a server on a new cluster in a temporary directory. Both are removed with `resources`. */
export async function startServer(resources: AsyncDisposableStack): Promise<TestServer> {
  const stateDir = await mkdtemp(path.join(os.tmpdir(), "parley-postgres15-"));
  resources.defer(() => rm(stateDir, { recursive: true, force: true, maxRetries: 10 }));
  const keys = await loadKeys(stateDir);
  const password = keys.databasePassword;
  const directory = await makeCluster(stateDir, password);
  const { port, part: service } = await bindPort(
    { port: 0 },
    (port) => startPostgres(directory, port),
  );
  const cluster = { port, password };
  resources.defer(() => service.stop());

  const url: TestServer["url"] = (user, database) => databaseUrl(cluster, user, database);
  return {
    url,
    createDatabase: (database) =>
      withConnection(
        url(SUPERUSER),
        async (client) => void await client.query(`create database ${database}`),
      ),
    migrate: (database) => pushMigrations(url("postgres", database)),
    preparePlatform: (database) =>
      preparePlatform(url(SUPERUSER, database), { apiUrl: "http://127.0.0.1", keys }),
  };
}

async function startPostgres(directory: string, port: number): Promise<Service> {
  return await startService({
    name: "postgres15",
    command: path.join(BINARIES, "postgres"),
    args: [
      "-D",
      directory,
      "-p",
      String(port),
      ...FLAGS.flatMap((flag) => ["-c", flag]),
    ],
    env: { LC_MESSAGES: "C" },
    user: await postgresUser(),
    stopSignal: "SIGINT",
    ready: /database system is ready to accept connections/,
    quiet: /^(?!.*(FATAL|PANIC): )/,
    log: (part, line) => console.error(part, line),
  });
}

async function makeCluster(stateDir: string, password: string): Promise<string> {
  const user = await postgresUser();
  const directory = path.join(stateDir, "postgres");
  const passwordFile = path.join(stateDir, "password");
  await mkdir(directory, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user) {
    for (const owned of [stateDir, directory, passwordFile]) {
      await chown(owned, user.uid, user.gid);
    }
  }
  await execa(path.join(BINARIES, "initdb"), [
    `--pgdata=${directory}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--no-sync",
  ], { ...user, cwd: "/" });
  return directory;
}
