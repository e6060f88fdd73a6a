import path from "node:path";
import { createSystemSchemas } from "../rest/lite-app.ts";
import type { StackKeys } from "../stack/keys.ts";
import type { Log } from "../stack/log.ts";
import { pushMigrations } from "../migrations/migrations.ts";
import { applyPlatformSql } from "./platform/apply.ts";
import type { WantedPort } from "../stack/bind-port.ts";
import { databaseUrl, startCluster } from "./cluster.ts";
import { SUPERUSER } from "./names.ts";
import type { Service } from "../stack/service.ts";

/** A running Postgres with the roles and schemas that a Supabase project has before its first migration. */
export interface PlatformDatabase {
  service: Service;
  port: number;
  /** Returns the connection URL of a role: `postgres` runs migrations, `supabase_admin` is the superuser. */
  url(user: "postgres" | typeof SUPERUSER, database?: string): string;
  /** Applies the migrations that the database lacks. */
  migrate(): Promise<void>;
}

/** The directory, address and keys of the database. */
export interface DatabaseOptions {
  stateDir: string;
  port: WantedPort;
  /** The address of the stack for clients. */
  apiUrl: string;
  keys: StackKeys;
  log: Log;
}

/** Starts Postgres and brings roles, `auth` and `storage` up to date. The caller applies the migrations. */
export async function startDatabase(options: DatabaseOptions): Promise<PlatformDatabase> {
  const { stateDir, keys, log } = options;
  const password = keys.databasePassword;
  const directory = path.join(stateDir, "postgres");
  const { port, part: service } = await startCluster({
    directory,
    port: options.port,
    password,
    log,
  });
  const url: PlatformDatabase["url"] = (user, database) =>
    databaseUrl({ port, password }, user, database);
  try {
    await preparePlatform(url(SUPERUSER), options);
  } catch (error) {
    await service.stop();
    throw error;
  }
  return {
    service,
    port,
    url,
    migrate: () => pushMigrations(url("postgres")),
  };
}

/**
 * Creates the roles and schemas that a Supabase project has before its first migration. `admin` is the URL of the
 * superuser. Idempotent.
 */
export async function preparePlatform(
  admin: string,
  { apiUrl, keys }: Pick<DatabaseOptions, "apiUrl" | "keys">,
): Promise<void> {
  await applyPlatformSql(admin, "before.sql");
  await createSystemSchemas({ databaseUrl: admin, apiUrl, keys });
  await applyPlatformSql(admin, "storage.sql");
  await applyPlatformSql(admin, "realtime.sql");
  await applyPlatformSql(admin, "after.sql");
}
