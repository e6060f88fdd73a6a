import { readFile, watch } from "node:fs/promises";
import path from "node:path";
import { execa, ExecaError } from "execa";
import { REPOSITORY } from "../stack/settings.ts";

const CLI = path.join(REPOSITORY, "node_modules/supabase/dist/supabase.js");

/** Secrets that are meant for a hosted project: no database that these commands reach has a Vault to put them into. */
const NO_VAULT = { PARLEY_FUNCTIONS_URL: "", PARLEY_SECRET_KEY: "" };

/** A migration that Postgres refused, and where. */
export class MigrationError extends Error {
  constructor(file: string, line: number, reason: string) {
    super(`${file}:${line}: ${reason}`);
    this.name = "MigrationError";
  }
}

/** Runs the Supabase CLI on a project. Rejects with what it printed, never with the URL of the database. */
export async function supabaseCli(args: string[], project: string = REPOSITORY): Promise<string> {
  try {
    const { stdout } = await execa(process.execPath, [CLI, ...args, "--workdir", project], {
      stdin: "ignore",
      env: { SUPABASE_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", ...NO_VAULT },
    });
    return stdout;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    throw new Error(
      `supabase ${args.slice(0, 2).join(" ")} failed\n${error.stdout}\n${error.stderr}`,
    );
  }
}

/** Applies the migrations that the database at `url` (role `postgres`) has not seen. Rejects with a MigrationError. */
export async function pushMigrations(url: string, project: string = REPOSITORY): Promise<void> {
  try {
    await supabaseCli(["db", "push", `--remote=${url}`, "--yes"], project);
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
  for await (const { filename } of watch(path.join(project, "supabase/migrations"), { signal })) {
    if (filename?.endsWith(".sql")) return;
  }
}

async function explainFailure(error: unknown, project: string): Promise<unknown> {
  const output = error instanceof Error ? error.message : "";
  const file = [...output.matchAll(/^Applying migration (\S+\.sql)/gm)].at(-1)?.[1];
  const reason = output.match(/^ERROR: (.*)$/m)?.[1];
  if (!file || !reason) return error;
  const text = await readFile(path.join(project, "supabase/migrations", file), "utf8");
  return new MigrationError(file, findLine(text, output), reason);
}

/**
 * The CLI prints the statement, cut under the offending line by a caret where Postgres gives a position. Its last line
 * is the offending one then; without a caret the statement's first line has to do.
 */
function findLine(text: string, output: string): number {
  const [, printed = ""] = output.match(/\nAt statement: \d+\n([\s\S]*?)(?:\nTry rerunning|$)/) ??
    [];
  const lines = printed.split("\n");
  const caret = lines.findIndex((line) => /^\s*\^\s*$/.test(line));
  const snippet = (caret < 0 ? lines.slice(0, 1) : lines.slice(0, caret)).join("\n");
  const offset = text.indexOf(snippet);
  if (offset < 0) return 1;
  return text.slice(0, offset + (caret < 0 ? 0 : snippet.length)).split("\n").length;
}
