import { existsSync } from "node:fs";
import { chmod, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import type { Log } from "../stack/log.ts";
import { bindPort, type Bound, type WantedPort } from "../stack/bind-port.ts";
import { type Service, type ServiceOptions, startService } from "../stack/service.ts";
import { postgresBinaries, postgresUser, requireReachable } from "./binaries.ts";

/** The directory, port and password of a cluster. It listens on 127.0.0.1 only. */
export interface ClusterOptions {
  directory: string;
  port: WantedPort;
  password: string;
  log: Log;
}

// Trades durability for speed, because this cluster holds only a developer's data. Committed rows still survive a
// kill of Postgres: they are in the file cache of the operating system. A crash of the machine can lose them.
const FLAGS = [
  "fsync=off",
  "full_page_writes=off",
  "wal_level=logical",
  "max_connections=100",
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
];

/** Starts Postgres. The first start creates the cluster. Rejects when Postgres cannot run. */
export async function startCluster(options: ClusterOptions): Promise<Bound<Service>> {
  await ensureCluster(options);
  const { postgres } = await postgresBinaries();
  const user = await postgresUser();
  return bindPort(options.port, (port) => startPostgres(postgres, user, port, options));
}

function startPostgres(
  command: string,
  user: ServiceOptions["user"],
  port: number,
  options: ClusterOptions,
): Promise<Service> {
  return startService({
    name: "postgres",
    command,
    args: [
      "-D",
      options.directory,
      "-p",
      String(port),
      ...FLAGS.flatMap((flag) => ["-c", flag]),
    ],
    env: { LC_MESSAGES: "C" },
    user,
    stopSignal: "SIGINT",
    ready: /database system is ready to accept connections/,
    // Hides errors of statements: the client receives them, and their context quotes texts of users.
    quiet: /^(?!.*(WARNING|FATAL|PANIC): )/,
    log: options.log,
  });
}

/** Builds the connection URL of a database of the cluster. */
export function databaseUrl(
  cluster: { port: number; password: string },
  user: string,
  database = "postgres",
): string {
  return `postgresql://${user}:${
    encodeURIComponent(cluster.password)
  }@127.0.0.1:${cluster.port}/${database}?sslmode=disable`;
}

async function ensureCluster({ directory, password }: ClusterOptions): Promise<void> {
  const parent = path.dirname(directory);
  await mkdir(parent, { recursive: true });
  // Under root, Postgres runs as another user, which must be able to enter this folder.
  await chmod(parent, 0o711);
  await requireReachable(parent);
  if (existsSync(path.join(directory, "PG_VERSION"))) return;

  const { postgres } = await postgresBinaries();
  await requireReachable(postgres);
  // An incomplete cluster has no PG_VERSION. It is removed, because initdb refuses a folder that is not empty.
  await rm(directory, { recursive: true, force: true });
  await execa(process.execPath, [path.join(import.meta.dirname, "initialise.ts")], {
    env: { CLUSTER_DIR: directory, CLUSTER_PASSWORD: password },
    // Only the supervisor reacts to Ctrl-C.
    detached: true,
  });
}

/** Stops a Postgres that still runs on the directory after a kill of its supervisor. */
export async function stopOrphan(directory: string): Promise<void> {
  if (!existsSync(path.join(directory, "postmaster.pid"))) return;
  const { pg_ctl } = await postgresBinaries();
  await execa(pg_ctl, ["stop", "-D", directory, "-m", "fast", "-w"], {
    ...(await postgresUser()),
    reject: false,
  });
}
