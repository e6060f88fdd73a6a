import { withConnection } from "../postgres/with-connection.ts";
import { REPOSITORY } from "../stack/settings.ts";
import { BASELINE_VERSION } from "./baseline.ts";
import { findEdit } from "./find-edit.ts";
import { type AppliedMigration, readHistory } from "./history.ts";
import { findEditedFrozen, type MigrationFile, readMigrationFiles } from "./migration-files.ts";

/** The changes that a database needs to have every migration. */
export interface MigrationPlan {
  /** The versions of numbered files (`00` … `18`) in the history. The baseline has replaced these files. */
  replaced: string[];
  /** The files to apply, in order. */
  pending: string[];
}

/** The versions of the numbered files of `sql/`, before there was a baseline. */
const NUMBERED = /^(?:0\d|1[0-8])$/;

/** What to do with a database of the time before 1.0.0, which no migration can bring up to date. */
export const START_ANEW =
  "Nothing migrates such a database before 1.0.0. If it is the one of the local stack, `npm run db:reset` " +
  "rebuilds it and deletes its data.";

/** What to do with an applied migration that was edited or deleted on purpose. */
const REBUILD_LOCAL =
  "If only the database of the local stack has applied it, `npm run db:reset` rebuilds that " +
  "database and deletes its data.";

/** The refusal to migrate a database in its present state. The message says what to do. */
export class MigrationRefusal extends Error {
  override name = "MigrationRefusal";
}

/** Plans the migration of the database at `url` (role `postgres`). Rejects with a MigrationRefusal. */
export async function planMigrations(
  url: string,
  project: string = REPOSITORY,
): Promise<MigrationPlan> {
  const frozen = await findEditedFrozen(project);
  if (frozen.length > 0) {
    throw new MigrationRefusal(
      `${frozen.join(", ")} belongs to a release and was edited. Restore it with \`git checkout\`.`,
    );
  }
  const files = await readMigrationFiles(project);
  const history = await withConnection(url, readHistory);
  const replaced = history.filter(({ version }) => NUMBERED.test(version));
  const applied = new Map(history.map((migration) => [migration.version, migration]));
  for (const { version } of replaced) applied.delete(version);
  requireFiles([...applied.values()], files);
  for (const file of files) requireUnedited(file, applied.get(file.version));
  const hasBaseline = replaced.length > 0;
  return {
    replaced: replaced.map(({ version }) => version),
    pending: files
      .filter(({ version }) =>
        !applied.has(version) && !(hasBaseline && version === BASELINE_VERSION)
      )
      .map(({ file }) => file),
  };
}

function requireFiles(applied: AppliedMigration[], files: MigrationFile[]): void {
  const missing = applied.filter(({ version }) => !files.some((file) => file.version === version));
  if (missing.length === 0) return;
  const names = missing.map(({ version, name }) => `${version}_${name}.sql`).join(", ");
  throw new MigrationRefusal(
    `The database has migrations that supabase/migrations/ lacks: ${names}. Add the files again, as they were. ` +
      REBUILD_LOCAL,
  );
}

function requireUnedited({ file, version, text }: MigrationFile, applied?: AppliedMigration): void {
  const line = applied?.statements ? findEdit(text, applied.statements) : null;
  if (line === null) return;
  if (version === BASELINE_VERSION) {
    throw new MigrationRefusal(`This database was made from an older baseline. ${START_ANEW}`);
  }
  throw new MigrationRefusal(
    `${file}:${line} was edited after the database had applied the file. ` +
      `Restore it, and put the change into a new migration. ${REBUILD_LOCAL}`,
  );
}
