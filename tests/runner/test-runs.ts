// Shared by `npm test` and the longer legs: runs test commands and counts their results.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { REPOSITORY } from "../../local/stack/settings.ts";

/** The results of a test command. */
export interface Count {
  passed: number;
  failed: number;
}

const VitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  success: z.boolean(),
});

/** Runs vitest with these arguments. Counts at least one failure if vitest itself fails. */
export async function runVitest(
  args: string[],
  env: Record<string, string> = {},
): Promise<Count> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "parley-report-"));
  try {
    const report = path.join(directory, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    await run("vitest", ["run", ...args, ...reporters], env);
    const text = await readFile(report, "utf8").catch(() => "null");
    const { success, data } = VitestReport.safeParse(JSON.parse(text));
    if (!success) return { passed: 0, failed: 1 };
    // A suite that fails to load has no failed test of its own.
    return { passed: data.numPassedTests, failed: data.numFailedTests || (data.success ? 0 : 1) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Runs a command whose last line is `N passed, N failed`. */
export async function runCounted(command: string, args: string[]): Promise<Count> {
  const { stdout, exitCode } = await run(command, args);
  const [, passed = "0", failed = "1"] = stdout.match(/(\d+) passed, (\d+) failed\s*$/) ?? [];
  return { passed: Number(passed), failed: Number(failed) || (exitCode === 0 ? 0 : 1) };
}

/** Runs a command that succeeds or fails as a whole. */
export async function runWhole(command: string, args: string[]): Promise<Count> {
  const { exitCode } = await run(command, args);
  return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Prints the sum as the last line and sets the exit code. */
export function report(counts: Count[]): void {
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

async function run(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<{ stdout: string; exitCode?: number }> {
  const { stdout, exitCode } = await execa(command, args, {
    preferLocal: true,
    cwd: REPOSITORY,
    env,
    stdin: "ignore",
    stdout: ["inherit", "pipe"],
    stderr: "inherit",
    reject: false,
    stripFinalNewline: true,
  });
  return { stdout, exitCode };
}
