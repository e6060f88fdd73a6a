import { execa } from "execa";
import { withConnection } from "../../scripts/operations/find-database.ts";
import { programTarget } from "../../scripts/operations/postgres-programs.ts";

/** The contents of a database, in a form that can be compared. */
export interface Contents {
  /** The number of rows and their hash, by table. */
  tables: Record<string, string>;
  /** Everything except rows, as pg_dump writes it: functions, policies, triggers, grants, default privileges. */
  schema: string;
}

/** Reads all rows of all tables, and the schema, of the database at `url`. */
export async function readContents(url: string): Promise<Contents> {
  const tables = await withConnection(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(`
      select c.oid::regclass::text as name
      from pg_class c
      where c.relkind = 'r'
        and c.relnamespace::regnamespace::text in (
          'public', 'private', 'tools', 'auth', 'storage', 'supabase_migrations'
        )
      order by name
    `);
    const hashes: Record<string, string> = {};
    for (const { name } of rows) {
      const { rows: [row] } = await client.query<{ hash: string }>(`
        select count(*) || ' ' || coalesce(md5(string_agg(t::text, e'\\n' order by t::text collate "C")), '') as hash
        from ${name} t
      `);
      hashes[name] = row?.hash ?? "";
    }
    return hashes;
  });
  return { tables, schema: await readSchema(url) };
}

async function readSchema(url: string): Promise<string> {
  const { dbname, env } = programTarget(url);
  const { stdout } = await execa("pg_dump", ["--schema-only", `--dbname=${dbname}`], { env });
  // Each run of pg_dump draws its own key.
  return stdout.replace(/^\\(un)?restrict .*$/gm, "");
}
