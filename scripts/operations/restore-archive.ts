import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import type pg from "pg";
import {
  type ArchiveEntry,
  chooseEntries,
  parseEntries,
  type Selection,
} from "./archive-entries.ts";
import { withConnection } from "../../local/postgres/with-connection.ts";
import { pepperStatement } from "./identity-pepper.ts";
import { explainFailure, programTarget, requirePrograms, runProgram } from "./postgres-programs.ts";

const CLEAR = path.join(import.meta.dirname, "clear-database.sql");

interface SystemTable {
  name: string;
  refers_to: string[];
}

const SYSTEM_TABLES = `
  select n.nspname || '.' || c.relname as name, array(
    select t.nspname || '.' || r.relname
    from pg_constraint f
    join pg_class r on r.oid = f.confrelid
    join pg_namespace t on t.oid = r.relnamespace
    where f.conrelid = c.oid and f.contype = 'f'
  ) as refers_to
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('auth', 'storage') and c.relkind = 'r' and c.relname !~ 'migrations$'
    and has_table_privilege(c.oid, 'insert')
  order by name
`;

const SYSTEM_TRIGGERS = `
  select n.nspname || '.' || c.relname || ' ' || t.tgname as name
  from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_proc f on f.oid = t.tgfoid
  where not t.tgisinternal
    and n.nspname in ('auth', 'storage')
    and f.pronamespace::regnamespace::text not in ('public', 'private')
`;

/**
 * Replaces the content of the database at `url`, of a Supabase project or a local stack, by the archive. Runs as one
 * transaction, so a failure leaves the database unchanged.
 */
export async function restoreArchive(archive: string, url: string): Promise<void> {
  await requirePrograms(["pg_restore", "psql"], url);
  const { stdout } = await runProgram("pg_restore", ["--list", archive]);
  const selection = await withConnection(url, readSelection);
  const directory = await mkdtemp(path.join(os.tmpdir(), "parley-restore-"));
  try {
    const list = path.join(directory, "entries");
    const entries = chooseEntries(parseEntries(stdout), selection);
    await writeFile(list, entries.map(({ line }: ArchiveEntry) => `${line}\n`).join(""));
    await feedPsql(url, script(archive, list));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Yields the SQL of the restore. The last line commits, and follows only after pg_restore has succeeded. */
async function* script(archive: string, list: string): AsyncGenerator<string | Uint8Array> {
  yield `begin;\n${await readFile(CLEAR, "utf8")}\n`;
  const args = ["--no-owner", `--use-list=${list}`, "--file=-", archive];
  const restoring = execa("pg_restore", args, { stdin: "ignore", buffer: { stdout: false } });
  try {
    // The rejection is handled below, where the process is awaited.
    restoring.catch(() => {});
    yield* restoring.iterable({ binary: true, preserveNewlines: true });
    await restoring;
  } catch (error) {
    throw explainFailure("pg_restore", error);
  }
  // The rows of `private.schedules` arrived before its trigger, and an archive does not contain the jobs of pg_cron.
  // Nor does it contain the policy of Realtime's table.
  // And pg_restore makes no owners, but call_tool has the rights of its owner.
  yield `select private.make_tools_role();
select private.give_call_tool();
select private.sync_cron_jobs();
select private.allow_live_events();
${await pepperStatement(archive)}
commit;
`;
}

async function feedPsql(url: string, input: AsyncGenerator<string | Uint8Array>): Promise<void> {
  const { dbname, env } = programTarget(url);
  const args = ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", dbname];
  try {
    await execa("psql", args, {
      env: { ...env, PGOPTIONS: "-c client_min_messages=warning" },
      stdin: input,
      stdout: "ignore",
    });
  } catch (error) {
    throw explainFailure("psql", error);
  }
}

async function readSelection(client: pg.Client): Promise<Selection> {
  const { rows: [role] } = await client.query<{ name: string }>("select current_user as name");
  const { rows: tables } = await client.query<SystemTable>(SYSTEM_TABLES);
  const { rows: extensions } = await client.query<{ name: string }>(
    "select name from pg_available_extensions where installed_version is null",
  );
  const { rows: triggers } = await client.query<{ name: string }>(SYSTEM_TRIGGERS);
  return {
    role: role?.name ?? "",
    systemTables: sortByReference(tables),
    missingExtensions: extensions.map(({ name }) => name),
    systemTriggers: triggers.map(({ name }) => name),
  };
}

/** Sorts tables after those that they refer to. With circular references, keeps the given order. */
function sortByReference(tables: SystemTable[]): string[] {
  const sorted = new Set<string>();
  const visited = new Set<string>();
  const visit = (name: string) => {
    if (visited.has(name)) return;
    visited.add(name);
    tables.find((table) => table.name === name)?.refers_to.forEach(visit);
    sorted.add(name);
  };
  tables.forEach(({ name }) => visit(name));
  return [...sorted];
}
