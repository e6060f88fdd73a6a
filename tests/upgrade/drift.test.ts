import { readFile, writeFile } from "node:fs/promises";
import type pg from "pg";
import { expect, test } from "vitest";
import { compareCatalogues, readCatalogue } from "../../local/migrations/catalogue.ts";
import { writeBaseline } from "../../local/migrations/baseline.ts";
import { checkBaseline } from "../../scripts/check-migrations.ts";
import { withConnection } from "../../scripts/operations/find-database.ts";
import { copyProject, makeDatabase } from "./databases.ts";

/** A change of every kind, and the name that the comparison gives it. */
const PLANTED = [
  ["alter table public.plans add column note text", "column public.plans.note: only in there"],
  ["alter table public.plans alter column name type varchar(99)", "column public.plans.name:"],
  ["alter table public.plans alter column rank set default 7", "column public.plans.rank:"],
  [
    "alter table public.plans alter column name drop not null",
    "column public.plans.name:",
  ],
  [
    "alter table public.plans add constraint plans_odd check (rank >= -100)",
    "constraint public.plans.plans_odd:",
  ],
  [
    "alter table public.plans drop constraint plans_rank_key",
    "constraint public.plans.plans_rank_key: only in here",
  ],
  ["create index odd_idx on public.plans (name)", "index public.odd_idx: only in there"],
  [
    "drop index public.profiles_subscription_plan_idx",
    "index public.profiles_subscription_plan_idx: only in here",
  ],
  [
    "create or replace function private.release_of() returns text language sql as 'select 1'",
    "function private.release_of(): only in there",
  ],
  [
    "create or replace function private.touch_updated_at() returns trigger language plpgsql as 'begin return old; end'",
    "function private.touch_updated_at():",
  ],
  ["alter function private.touch_updated_at() security definer", "SECURITY DEFINER"],
  [
    "drop trigger plans_spread_quota on public.plans",
    "trigger public.plans.plans_spread_quota: only in here",
  ],
  [
    "alter table public.plans disable trigger plans_spread_quota",
    "trigger public.plans.plans_spread_quota:",
  ],
  [
    "drop policy plans_select_all on public.plans",
    "policy public.plans.plans_select_all: only in here",
  ],
  [
    "alter policy plans_select_all on public.plans using (rank > 0)",
    "policy public.plans.plans_select_all:",
  ],
  [
    "alter policy plans_select_all on public.plans to anon",
    "policy public.plans.plans_select_all:",
  ],
  ["alter table public.plans disable row level security", "relation public.plans:"],
  ["grant insert on public.plans to authenticated", "grant INSERT to authenticated"],
  ["grant update (name) on public.plans to authenticated", "column public.plans.name:"],
  [
    "revoke execute on function private.refuse(integer, text, text, jsonb) from authenticated",
    "grant EXECUTE to authenticated",
  ],
  ["grant create on schema private to anon", "schema private:"],
  ["comment on table public.plans is 'Other.'", "relation public.plans:"],
  ["comment on column public.plans.rank is 'Other.'", "column public.plans.rank:"],
  [
    "comment on function private.touch_updated_at() is 'Other.'",
    "function private.touch_updated_at():",
  ],
  [
    "alter publication supabase_realtime add table public.plans",
    "published table supabase_realtime: public.plans",
  ],
  ["create type public.odd as enum ('a')", "type public.odd: only in there"],
  ["alter type public.user_role add value 'guest'", "type public.user_role:"],
  ["create view public.odd as select 1 as one", "relation public.odd: only in there"],
  ["create sequence private.odd_seq", "relation private.odd_seq: only in there"],
  ["alter sequence private.stripe_ticket_seq increment 2", "relation private.stripe_ticket_seq:"],
  [
    "alter default privileges for role postgres grant select on tables to anon",
    "default privileges postgres",
  ],
  ["create extension tablefunc with schema extensions", "extension tablefunc: only in there"],
  ["update public.plans set rank = 11 where slug = 'pro'", "rows public.plans:"],
  ["delete from public.plans where slug = 'enterprise'", "rows public.plans:"],
  ["alter table public.plans owner to supabase_admin", "relation public.plans:"],
  [
    "create policy odd on storage.objects for select to anon using (true)",
    "policy storage.objects.odd: only in there",
  ],
] as const;

test("every planted difference is found", { timeout: 180_000 }, async () => {
  const database = await makeDatabase("migrated");

  const missed = await withConnection(database.superuser, async (client) => {
    const here = { name: "here", entries: await readCatalogue(client) };
    const missed: string[] = [];
    for (const [change, found] of PLANTED) {
      const differences = compareCatalogues(here, await planted(client, change));
      if (!differences.join("\n").includes(found)) missed.push(`${change}: ${differences}`);
    }
    return missed;
  });

  expect(missed).toEqual([]);
});

/** Reads the catalogue with a change, and rolls the change back. */
async function planted(client: pg.Client, change: string) {
  await client.query("begin");
  try {
    await client.query(change);
    return { name: "there", entries: await readCatalogue(client) };
  } finally {
    await client.query("rollback");
  }
}

test("databases that differ only in the order of columns are equal", async () => {
  const one = await makeDatabase("empty");
  const other = await makeDatabase("empty");
  await one.query("create table public.odd (a integer not null, b text default 'x')");
  await other.query(
    "create table public.odd (b text default 'x'); alter table public.odd add a integer not null",
  );

  const entries = [one, other].map(({ superuser }) =>
    withConnection(superuser, (client) => readCatalogue(client))
  );
  const [here = [], there = []] = await Promise.all(entries);

  expect(compareCatalogues({ name: "here", entries: here }, { name: "there", entries: there }))
    .toEqual([]);
});

test("npm run check finds a baseline that was not written from sql/", async () => {
  const project = await copyProject();
  await expect(checkBaseline(project.directory)).resolves.toBeUndefined();
  const file = `${project.directory}/sql/00_foundation.sql`;
  await writeFile(file, `${await readFile(file, "utf8")}\ncreate schema other;\n`);

  await expect(checkBaseline(project.directory)).rejects.toThrow("npm run db:baseline");
});

test("a baseline that belongs to a release is not written again", async () => {
  const project = await copyProject();
  await project.write(
    "frozen.sha256",
    `${"0".repeat(64)}  20260101000000_parley_1.0.0_baseline.sql\n`,
  );

  await expect(writeBaseline(project.directory)).rejects.toThrow(/belongs to a release/);
});
