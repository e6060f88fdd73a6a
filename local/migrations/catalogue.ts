import { readFile } from "node:fs/promises";
import path from "node:path";
import type pg from "pg";

/** A part of a database: an object of the catalogue, or the rows of a table. */
export interface CatalogueEntry {
  kind: string;
  name: string;
  definition: string;
}

const OBJECTS = path.join(import.meta.dirname, "catalogue.sql");

/** Finds the tables with rows of migrations: on a fresh database, every row is reference data. */
const TABLES_WITH_ROWS = `
  select format('%I.%I', n.nspname, c.relname) as name,
    coalesce((
      select array_agg(a.attname::text)
      from pg_attribute a
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid
        and (a.attidentity <> ''
          or pg_get_expr(d.adbin, d.adrelid) ~ 'now\\(\\)|clock_timestamp|gen_random_|nextval')
    ), '{}') as changing
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r'
    and (n.nspname in ('public', 'private') or (n.nspname, c.relname) = ('storage', 'buckets'))`;

/**
 * Reads everything that the migrations of a database have made. To read the rows too, the role must be able to read
 * every table.
 */
export async function readCatalogue(
  client: pg.Client,
  { withRows = true }: { withRows?: boolean } = {},
): Promise<CatalogueEntry[]> {
  // With an empty search path, Postgres prints every name with its schema.
  await client.query("set search_path = ''");
  const objects = await client.query<CatalogueEntry>(await readFile(OBJECTS, "utf8"));
  if (!withRows) return objects.rows;
  const tables = await client.query<{ name: string; changing: string[] }>(TABLES_WITH_ROWS);
  const entries = [...objects.rows];
  for (const { name, changing } of tables.rows) {
    entries.push(await readRows(client, name, changing));
  }
  return entries;
}

/** Reads the rows of a table in order, without columns whose defaults differ between databases. */
async function readRows(
  client: pg.Client,
  name: string,
  changing: string[],
): Promise<CatalogueEntry> {
  const { rows } = await client.query<{ row: string }>(
    `select (to_jsonb(t) - $1::text[])::text as row from ${name} t order by 1`,
    [changing],
  );
  return { kind: "rows", name, definition: rows.map(({ row }) => row).join("\n") };
}

/** Lists the differences between two databases, one text each. The texts name the databases as given. */
export function compareCatalogues(
  here: { name: string; entries: CatalogueEntry[] },
  there: { name: string; entries: CatalogueEntry[] },
): string[] {
  const ours = byName(here.entries);
  const theirs = byName(there.entries);
  return [...new Set([...ours.keys(), ...theirs.keys()])].sort().flatMap((key) => {
    const our = ours.get(key);
    const their = theirs.get(key);
    if (our === their) return [];
    if (our === undefined) return [`${key}: only in ${there.name}`];
    if (their === undefined) return [`${key}: only in ${here.name}`];
    return [`${key}:\n${extraLines(here.name, our, their)}${extraLines(there.name, their, our)}`];
  });
}

function byName(entries: CatalogueEntry[]): Map<string, string> {
  return new Map(entries.map(({ kind, name, definition }) => [`${kind} ${name}`, definition]));
}

function extraLines(name: string, text: string, other: string): string {
  const others = new Set(other.split("\n"));
  const extra = text.split("\n").filter((line) => !others.has(line));
  return extra.map((line) => `  ${name}: ${line}\n`).join("");
}
