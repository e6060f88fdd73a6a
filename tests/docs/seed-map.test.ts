import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { asPostgres } from "../helpers/stack.ts";

/** Returns every name in the database that a home may use, written as in the map. */
async function knownNames(): Promise<Set<string>> {
  const rows = await asPostgres<{ name: string }>(`
    with relations as (
      select c.oid, n.nspname, c.relname
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'private', 'auth', 'storage')
    )
    select relname as name from relations where nspname in ('public', 'auth')
    union select nspname || '.' || relname from relations
    union select r.relname || '.' || a.attname from relations r join pg_attribute a on a.attrelid = r.oid
    union select r.nspname || '.' || r.relname || '.' || a.attname
      from relations r join pg_attribute a on a.attrelid = r.oid where r.nspname <> 'public'
    union select case n.nspname when 'public' then '' else n.nspname || '.' end || p.proname
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('public', 'private', 'auth')
    union select t.typname from pg_type t where t.typnamespace in ('public'::regnamespace, 'pg_catalog'::regnamespace)
    union select format_type(t.oid, null) from pg_type t
    union select p.proname from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace
    union select t.tgname from pg_trigger t
    union select a.attname from relations r join pg_attribute a on a.attrelid = r.oid where r.nspname = 'public'
    union select e.enumlabel from pg_enum e
    union select o.conname from pg_constraint o
    union select v.value[1]
      from pg_constraint o, regexp_matches(pg_get_constraintdef(o.oid), '''([a-z_]+)''', 'g') as v (value)
      where o.contype = 'c' and o.connamespace = 'public'::regnamespace
    union select y.policyname from pg_policies y
    union select i.indexname from pg_indexes i
  `);
  return new Set(rows.map(({ name }) => name));
}

/** Returns the database names among the homes: `table.column`, `private.function`, `a_constraint`. */
function homes(map: string): { line: number; name: string }[] {
  return map.split("\n").flatMap((text, index) => {
    const [, , home = ""] = text.split("|");
    // The local stack does not have every table of Supabase Auth.
    if (/Supabase Auth|`auth\./.test(home)) return [];
    const names = [...home.matchAll(/`([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*)(?:\([^)]*\))?`/g)];
    return names.map(([, name = ""]) => ({ line: index + 1, name }));
  });
}

test("every database name in the seed map exists", async () => {
  const map = await readFile(path.join(REPOSITORY, "docs/seed-map.md"), "utf8");
  const known = await knownNames();
  const named = homes(map);

  expect(named.length).toBeGreaterThan(200);
  expect(named.filter(({ name }) => !known.has(name))).toEqual([]);
});
