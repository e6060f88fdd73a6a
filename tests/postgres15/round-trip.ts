import { mkdtemp, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { writeChecksum } from "../../scripts/operations/checksum.ts";
import { withConnection } from "../../scripts/operations/find-database.ts";
import { type Contents, readContents } from "./contents.ts";
import { startServer, type TestServer } from "./start-server.ts";

// Characters that dumps must escape, and rows in the platform's tables that refer to each other.
const SAMPLE = `
  with session as (
    insert into public.chat_sessions (user_id, assistant_slug, title)
    select p.id, 'coach', e'Tabs\\t, \\\\N and "quotes"' from public.profiles p
    returning id, user_id
  )
  insert into public.chat_messages (session_id, user_id, seq, sender, content, parts)
  select s.id, s.user_id, n, 'user', e'Grüße 👋\\nline ' || n,
    jsonb_build_array(jsonb_build_object('type', 'text', 'text', e'Grüße 👋\\nline ' || n))
  from session s
  cross join generate_series(1, 300) n;
  insert into storage.buckets (id, name) values ('sample', 'sample') on conflict do nothing;
  insert into storage.objects (bucket_id, name, metadata) values ('sample', 'a folder/ä.txt', '{"size": 5}');
  insert into auth.sessions (id, user_id, created_at, updated_at)
  select gen_random_uuid(), u.id, now(), now() from auth.users u;
  insert into private.schedules (name, cron, sql_function, last_status)
  values ('sample', '0 0 * * *', 'sample', 'it''s');
  create type tools.size as enum ('small', 'large');
  create function tools.sample(size tools.size) returns text language sql set search_path = '' as 'select size::text';
  comment on function tools.sample is 'Returns a size.';
  select private.add_function_tool('coach', 'tools.sample');
`;

// Objects that a target may hold and the archive does not. They must be gone after the restore.
const LEFTOVERS = `
  create table public.left_over (id integer primary key);
  create view public.left_over_view as select * from public.left_over;
  create function tools.left_over() returns integer language sql as 'select 1';
  create function private.left_over() returns trigger language plpgsql as 'begin return new; end';
  create trigger left_over after insert on auth.users for each row execute function private.left_over();
  alter default privileges in schema public grant all on tables to anon;
`;

/** The contents of the databases that one archive was restored into, and of its source. */
export interface RoundTrip {
  source: Contents;
  /** The database before and after a restore from a damaged archive whose checksum is right. */
  untouched: { before: Contents; after: Contents };
  /** Restored into a project that has had no migration yet, on a server that has no role of Parley. */
  fresh: Contents;
  /** Restored over a Parley database with other rows, and with objects that are not in the archive. */
  overwritten: Contents;
}

/** Fills a database with sample rows, backs it up and restores it into two others, with the scripts for operators. */
export async function makeRoundTrip(server: TestServer, source: string): Promise<RoundTrip> {
  await using resources = new AsyncDisposableStack();
  const other = await startServer(resources);
  const seed = await readFile(path.join(REPOSITORY, "supabase/seed.sql"), "utf8");
  await execute(server, source, seed + SAMPLE);
  const directory = await mkdtemp(path.join(os.tmpdir(), "parley-backup-"));
  try {
    await script("scripts/backup.ts", "--url", server.url("postgres", source), "--dir", directory);
    const archive = await findArchive(directory);
    const restore = (database: string, on = server) =>
      script("scripts/restore.ts", archive, "--url", on.url("postgres", database), "--yes");

    await other.createDatabase("fresh");
    await other.preparePlatform("fresh");
    await restore("fresh", other);

    await server.createDatabase("overwritten");
    await server.preparePlatform("overwritten");
    await server.migrate("overwritten");
    await execute(server, "overwritten", seed + LEFTOVERS);
    await restore("overwritten");

    return {
      source: await readContents(server.url("postgres", source)),
      fresh: await readContents(other.url("postgres", "fresh")),
      overwritten: await readContents(server.url("postgres", "overwritten")),
      untouched: await failToRestore(server, "overwritten", archive, restore),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Returns the tables whose rows differ, and the lines that only one of the schemas has. */
export function differences(one: Contents, other: Contents): string[] {
  const names = [...new Set([...Object.keys(one.tables), ...Object.keys(other.tables)])];
  const tables = names.filter((name) => one.tables[name] !== other.tables[name])
    .map((name) => `${name}: ${one.tables[name]} and ${other.tables[name]}`);
  return [...tables, ...missingLines(one, other, "-"), ...missingLines(other, one, "+")];
}

function missingLines(from: Contents, other: Contents, mark: string): string[] {
  const known = new Set(other.schema.split("\n"));
  return from.schema.split("\n").filter((line) => !known.has(line)).map((line) =>
    `${mark} ${line}`
  );
}

async function failToRestore(
  server: TestServer,
  database: string,
  archive: string,
  restore: (database: string) => Promise<void>,
): Promise<RoundTrip["untouched"]> {
  const url = server.url("postgres", database);
  const before = await readContents(url);
  const { size } = await stat(archive);
  await truncate(archive, Math.floor(size * 0.9));
  await writeChecksum(archive);
  const failed = await restore(database).then(() => false, () => true);
  if (!failed) throw new Error("a truncated archive was restored");
  return { before, after: await readContents(url) };
}

/** Returns the only archive in a folder, after `sha256sum` has checked it. */
async function findArchive(directory: string): Promise<string> {
  const sums = (await readdir(directory)).filter((name) => name.endsWith(".sha256"));
  const { stdout } = await execa("sha256sum", ["--check", ...sums], { cwd: directory });
  return path.join(directory, stdout.replace(/: OK$/, ""));
}

async function execute(server: TestServer, database: string, text: string): Promise<void> {
  await withConnection(server.url("postgres", database), (client) => client.query(text));
}

async function script(file: string, ...args: string[]): Promise<void> {
  await execa(process.execPath, [path.join(REPOSITORY, file), ...args], { stdin: "ignore" });
}
