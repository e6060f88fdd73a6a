import type pg from "pg";

/** A migration that a database has applied, with its statements at that time. */
export interface AppliedMigration {
  version: string;
  name: string | null;
  /** Null when the version was recorded without its file. */
  statements: string[] | null;
}

/** Reads the Supabase CLI's history of migrations, oldest version first. It is empty before the first migration. */
export async function readHistory(client: pg.Client): Promise<AppliedMigration[]> {
  const { rows: [found] } = await client.query<{ exists: boolean }>(
    "select to_regclass('supabase_migrations.schema_migrations') is not null as exists",
  );
  if (!found?.exists) return [];
  const { rows } = await client.query<AppliedMigration>(
    "select version, name, statements from supabase_migrations.schema_migrations order by version",
  );
  return rows;
}
