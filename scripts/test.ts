// `npm test`: unit tests, database tests and tests against a running stack, one after the other. The last line counts
// all of them: `N passed, N failed`.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { REPOSITORY } from "../local/stack/settings.ts";

interface Count {
  passed: number;
  failed: number;
}

const VitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numFailedTestSuites: z.number(),
  success: z.boolean(),
});

const counts = [await runVitest("unit"), await runDatabaseTests(), await runVitest("functions")];
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function runVitest(project: string): Promise<Count> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "parley-report-"));
  try {
    const report = path.join(directory, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    await run("vitest", ["run", "--project", project, ...reporters]);
    const text = await readFile(report, "utf8").catch(() => "null");
    const { success, data } = VitestReport.safeParse(JSON.parse(text));
    if (!success) return { passed: 0, failed: 1 };
    // A suite that fails to load has no failed test of its own.
    return { passed: data.numPassedTests, failed: data.numFailedTests || (data.success ? 0 : 1) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runDatabaseTests(): Promise<Count> {
  const { stdout, exitCode } = await run("node", ["scripts/test-database.ts"]);
  const [, passed = "0", failed = "1"] = stdout.match(/(\d+) passed, (\d+) failed\s*$/) ?? [];
  return { passed: Number(passed), failed: Number(failed) || (exitCode === 0 ? 0 : 1) };
}

async function run(
  command: string,
  args: string[],
): Promise<{ stdout: string; exitCode?: number }> {
  const { stdout, exitCode } = await execa(command, args, {
    preferLocal: true,
    cwd: REPOSITORY,
    stdin: "ignore",
    stdout: ["inherit", "pipe"],
    stderr: "inherit",
    reject: false,
    stripFinalNewline: true,
  });
  return { stdout, exitCode };
}
