import { chmod, mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { checksumFile, writeChecksum } from "./checksum.ts";
import { databaseName } from "./find-database.ts";
import { backUpPepper, pepperFile } from "./identity-pepper.ts";
import { programTarget, requirePrograms, runProgram } from "./postgres-programs.ts";

/** The database, the folder and the number of backups to keep. */
export interface BackUpOptions {
  url: string;
  directory: string;
  /** The number of backups of this database to keep; by default all. */
  keep?: number;
}

/** Schemas of Supabase itself. Every project has its own, and only the platform can read many of their tables. */
const PLATFORM_SCHEMAS = [
  "_analytics",
  "_realtime",
  "_supavisor",
  "cron",
  "graphql",
  "graphql_public",
  "net",
  "pgbouncer",
  "pgmq",
  "pgsodium",
  "pgsodium_masks",
  "realtime",
  "supabase_functions",
  "vault",
];

/**
 * Writes an archive of the database, a checksum file, and the key of identities if Vault has it. Returns the path of
 * the archive.
 */
export async function backUp({ url, directory, keep }: BackUpOptions): Promise<string> {
  await requirePrograms(["pg_dump"], url);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const label = labelOf(url);
  const archive = path.join(
    directory,
    `${label}-${new Date().toISOString().replace(/[-:.]/g, "")}.dump`,
  );
  // Renamed only after it is complete, so a partial archive never has the name of an archive.
  const part = `${archive}.part`;
  try {
    await dump(url, part);
    await chmod(part, 0o600);
    await rename(part, archive);
  } finally {
    await rm(part, { force: true });
  }
  await backUpPepper(url, archive);
  await writeChecksum(archive);
  if (keep !== undefined) await removeOld(directory, label, keep);
  return archive;
}

async function dump(url: string, file: string): Promise<void> {
  const { dbname, env } = programTarget(url);
  await runProgram("pg_dump", [
    "--format=custom",
    "--no-password",
    ...PLATFORM_SCHEMAS.map((schema) => `--exclude-schema=${schema}`),
    `--file=${file}`,
    `--dbname=${dbname}`,
  ], env);
}

/** Builds a label for a database, which tells its backups from those of other databases in the same folder. */
function labelOf(url: string): string {
  const { hostname, port, username } = new URL(url);
  return [username, hostname, port, databaseName(url)].filter(Boolean).join("-")
    .replace(/[^\w.-]+/g, "_");
}

async function removeOld(directory: string, label: string, keep: number): Promise<void> {
  const isOurs = (name: string) =>
    name.startsWith(`${label}-`) && /^\d{8}T\d{9}Z\.dump$/.test(name.slice(label.length + 1));
  const old = (await readdir(directory)).filter(isOurs).sort().slice(0, -keep);
  for (const name of old) {
    await rm(path.join(directory, name));
    await rm(checksumFile(path.join(directory, name)), { force: true });
    await rm(pepperFile(path.join(directory, name)), { force: true });
  }
}
