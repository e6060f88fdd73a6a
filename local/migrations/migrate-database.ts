import { pushMigrations, supabaseCli } from "./migrations.ts";
import { startScratchDatabase } from "../postgres/scratch-database.ts";
import { withConnection } from "../postgres/with-connection.ts";
import { REPOSITORY } from "../stack/settings.ts";
import { BASELINE_VERSION } from "./baseline.ts";
import { type CatalogueEntry, compareCatalogues, readCatalogue } from "./catalogue.ts";
import { readMigrationFiles } from "./migration-files.ts";
import {
  type MigrationPlan,
  MigrationRefusal,
  planMigrations,
  START_ANEW,
} from "./plan-migrations.ts";

/** Options of a migration. */
export interface MigrateOptions {
  project?: string;
  /** Only prints the plan, and changes nothing. */
  isDryRun?: boolean;
  /** Sets the secrets of config.toml in the Vault of a hosted project. */
  withVault?: boolean;
  log: (line: string) => void;
}

/**
 * Brings the database at `url` (role `postgres`) up to date: logs the plan, then carries it out. Rejects with a
 * MigrationRefusal before any change, or with a MigrationError that names file, line and statement.
 */
export async function migrateDatabase(
  url: string,
  options: MigrateOptions,
): Promise<MigrationPlan> {
  const { project = REPOSITORY, isDryRun = false, withVault = false, log } = options;
  const plan = await planMigrations(url, project);
  if (plan.replaced.length > 0) {
    await requireBaselineSchema(url, project);
    log(
      `The baseline replaces ${plan.replaced.join(", ")} in the history; the schema is the same.`,
    );
  }
  for (const file of plan.pending) log(`${isDryRun ? "would apply" : "applies"} ${file}`);
  if (isDryRun) return plan;
  if (plan.replaced.length > 0) await moveToBaseline(url, plan.replaced, project);
  if (plan.pending.length > 0) await pushMigrations(url, project, { withVault });
  return plan;
}

/** Replaces the numbered versions in the history. Records the baseline first, so a crash in between loses nothing. */
async function moveToBaseline(url: string, versions: string[], project: string): Promise<void> {
  const repair = (status: string, ...which: string[]) =>
    supabaseCli(
      ["migration", "repair", "--status", status, ...which, `--remote=${url}`, "--yes"],
      project,
    );
  await repair("applied", BASELINE_VERSION);
  await repair("reverted", ...versions);
}

/** Rejects unless the database has every object of the baseline in the same form. It may have other objects, too. */
async function requireBaselineSchema(url: string, project: string): Promise<void> {
  await using scratch = await startScratchDatabase({ isMigrated: false });
  // Without the migrations that follow: the database does not have them yet.
  const file = (await readMigrationFiles(project)).find((each) =>
    each.version === BASELINE_VERSION
  );
  await withConnection(scratch.url("postgres"), (client) => client.query(file?.text ?? ""));
  const baseline = (await catalogueAt(scratch.url("postgres"))).filter(isSchema);
  const names = new Set(baseline.map(({ kind, name }) => `${kind} ${name}`));
  const entries = (await catalogueAt(url)).filter(({ kind, name }) => names.has(`${kind} ${name}`));
  const [difference] = compareCatalogues(
    { name: "the baseline", entries: baseline },
    { name: "the database", entries },
  );
  if (difference === undefined) return;
  throw new MigrationRefusal(
    `This database was made from an older schema. ${START_ANEW} First difference: ${difference}`,
  );
}

/** Returns true for objects in Parley's own schemas. Rows and objects of the platform may differ. */
function isSchema({ kind, name }: CatalogueEntry): boolean {
  return kind !== "rows" && /^(?:public|private)\./.test(name);
}

function catalogueAt(url: string): Promise<CatalogueEntry[]> {
  return withConnection(url, (client) => readCatalogue(client, { withRows: false }));
}
