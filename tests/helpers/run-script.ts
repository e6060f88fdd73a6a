import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { stack } from "./stack.ts";

/** The output and exit code of a script. */
export interface ScriptResult {
  exitCode?: number;
  stdout: string;
  stderr: string;
}

/** Runs a script of `scripts/` on the stack's database, without a terminal. `env` replaces variables of the test. */
export async function runScript(
  name: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<ScriptResult> {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [path.join(REPOSITORY, "scripts", name), ...args],
    { env: { DATABASE_URL: stack.DB_URL, ...env }, stdin: "ignore", reject: false },
  );
  return { exitCode, stdout, stderr };
}
