import type pg from "pg";

/** A migration that a database has applied, with the statements that it was at that time. */
export interface AppliedMigration {
  version: string;
  name: string | null;
  /** Null when somebody recorded the version without its file. */
  statements: string[] | null;
}

/** Reads the history that the Supabase CLI keeps, oldest version first. Empty before the first migration. */
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
