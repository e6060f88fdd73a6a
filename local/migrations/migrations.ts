import { readFile, watch } from "node:fs/promises";
import path from "node:path";
import { execa, ExecaError } from "execa";
import { REPOSITORY } from "../stack/settings.ts";
import { migrationsFolder } from "./migration-files.ts";

const CLI = path.join(REPOSITORY, "node_modules/supabase/dist/supabase.js");

/** Blanks the secrets for the Vault of a hosted project. Only hosted projects have a Vault. */
const NO_VAULT = { PARLEY_FUNCTIONS_URL: "", PARLEY_SECRET_KEY: "" };

/** A heading of the baseline, above the text of one file. */
const SOURCE = /^-- From (sql\/\S+)$/;

/** The failure of a migration in Postgres. The message names the place, the reason and the statement. */
export class MigrationError extends Error {
  constructor(place: string, reason: string, statement: string) {
    super(`${place}: ${reason}\n${statement}`);
    this.name = "MigrationError";
  }
}

/** Runs the Supabase CLI on a project. Rejects with its output; the error never holds the URL of the database. */
export async function supabaseCli(
  args: string[],
  project: string = REPOSITORY,
  { withVault = false }: { withVault?: boolean } = {},
): Promise<string> {
  const { password, hidden } = hidePassword(args);
  try {
    const { stdout } = await execa(process.execPath, [CLI, ...hidden, "--workdir", project], {
      stdin: "ignore",
      env: {
        SUPABASE_TELEMETRY_DISABLED: "1",
        DO_NOT_TRACK: "1",
        ...(password && { PGPASSWORD: password }),
        ...(withVault ? {} : NO_VAULT),
      },
    });
    return stdout;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    throw new Error(
      `supabase ${args.slice(0, 2).join(" ")} failed\n${error.stdout}\n${error.stderr}`,
    );
  }
}

/** Takes the password out of the database's URL, because everybody on the machine can see a command line. */
function hidePassword(args: string[]): { password: string; hidden: string[] } {
  let password = "";
  const hidden = args.map((arg) => {
    const url = URL.parse(arg.replace(/^--remote=/, ""));
    if (!arg.startsWith("--remote=") || !url?.password) return arg;
    password = decodeURIComponent(url.password);
    url.password = "";
    return `--remote=${url}`;
  });
  return { password, hidden };
}

/**
 * Applies the migrations that the database at `url` (role `postgres`) lacks. Some may be older than its newest one,
 * because Parley's migrations and the team's have separate dates. Rejects with a MigrationError.
 */
export async function pushMigrations(
  url: string,
  project: string = REPOSITORY,
  options: { withVault?: boolean } = {},
): Promise<void> {
  try {
    await supabaseCli(
      ["db", "push", "--include-all", `--remote=${url}`, "--yes"],
      project,
      options,
    );
  } catch (error) {
    throw await explainFailure(error, project);
  }
}

/** Drops everything that the migrations made and applies them again. Rejects with a MigrationError. */
export async function resetDatabase(url: string, project: string = REPOSITORY): Promise<void> {
  try {
    await supabaseCli(["db", "reset", `--remote=${url}`, "--yes", "--no-seed"], project);
  } catch (error) {
    throw await explainFailure(error, project);
  }
}

/** Resolves when a migration changes. Rejects when the signal aborts. */
export async function migrationChange(
  signal: AbortSignal,
  project: string = REPOSITORY,
): Promise<void> {
  for await (const { filename } of watch(migrationsFolder(project), { signal })) {
    if (filename?.endsWith(".sql")) return;
  }
}

async function explainFailure(error: unknown, project: string): Promise<unknown> {
  const output = error instanceof Error ? error.message : "";
  const file = [...output.matchAll(/^Applying migration (\S+\.sql)/gm)].at(-1)?.[1];
  const reason = output.match(/^ERROR: (.*)$/m)?.[1];
  if (!file || !reason) return error;
  const text = await readFile(path.join(migrationsFolder(project), file), "utf8");
  const [, number = "0", printed = ""] =
    output.match(/\nAt statement: (\d+)\n([\s\S]*?)(?:\nTry rerunning|$)/) ?? [];
  const line = findLine(text, printed, Number(number));
  return new MigrationError(describePlace(file, text, line), reason, printed.trimEnd());
}

/**
 * Finds the line of a failure in the text of a migration. The CLI prints the statement, with a caret below the failed
 * line if Postgres gives a position. Without a caret, the result is the first line of the statement that is not a
 * comment. At least `number` semicolons precede the statement, which distinguishes it from earlier equal ones.
 */
function findLine(text: string, printed: string, number: number): number {
  const lines = printed.split("\n");
  const caret = lines.findIndex((line) => /^\s*\^\s*$/.test(line));
  const end = caret < 0 ? lines.findIndex((line) => !/^\s*(?:--|$)/.test(line)) + 1 : caret;
  const snippet = lines.slice(0, end).join("\n");
  let offset = text.indexOf(snippet);
  while (offset >= 0 && text.slice(0, offset).split(";").length - 1 < number) {
    offset = text.indexOf(snippet, offset + 1);
  }
  return offset < 0 ? 1 : text.slice(0, offset + snippet.length).split("\n").length;
}

/** Describes a line as `file:line`. For a line of the baseline, adds its place in `sql/`. */
function describePlace(file: string, text: string, line: number): string {
  const before = text.split("\n").slice(0, line);
  const start = before.findLastIndex((each) => SOURCE.test(each));
  const [, source] = before[start]?.match(SOURCE) ?? [];
  // The heading and an empty line precede the text of the file.
  return source ? `${file}:${line} (${source}:${line - start - 2})` : `${file}:${line}`;
}
