// `npm run test:database [-- path …]`: runs tests/{database,own}/**/*.test.sql, each in a transaction that it rolls
// back.
import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../../../local/stack/settings.ts";
import { type PgTapReport, runPgTap } from "./run-pgtap.ts";
import { createTestDatabases, requireRollback, type TestDatabases } from "./test-databases.ts";
import { openTestServer } from "./test-server.ts";

const FILES_AT_ONCE = 2;

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => stopping.abort());
}

try {
  const { passed, failed } = await testDatabase(process.argv.slice(2), stopping.signal);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
} catch (error) {
  console.error(stopping.signal.aborted ? "Stopped." : error);
  process.exitCode = 1;
}
process.exit();

type Totals = Pick<PgTapReport, "passed" | "failed">;

/** Starts the server and the databases, runs the tests, and removes everything, even after an error. */
async function testDatabase(filters: string[], signal: AbortSignal): Promise<Totals> {
  const files = await findFiles(filters);
  await using resources = new AsyncDisposableStack();
  const url = await openTestServer(resources);
  signal.throwIfAborted();
  return await runFiles(files, await createTestDatabases(url, resources), signal);
}

/** Returns the paths of the tests, relative to the repository; with filters, only those below one of them. */
async function findFiles(filters: string[]): Promise<string[]> {
  const wanted = filters.map((filter) => path.relative(REPOSITORY, path.resolve(filter)));
  const files = await Array.fromAsync(
    glob("tests/{database,own}/**/*.test.sql", { cwd: REPOSITORY }),
  );
  const chosen = files.filter((file) =>
    wanted.length === 0 ||
    wanted.some((filter) => file === filter || file.startsWith(filter + path.sep))
  );
  if (chosen.length === 0) throw new Error(`No tests match ${filters.join(", ")}.`);
  return chosen.sort();
}

async function runFiles(
  files: string[],
  databases: TestDatabases,
  signal: AbortSignal,
): Promise<Totals> {
  const totals: Totals = { passed: 0, failed: 0 };
  const queue = files.values();
  const work = async () => {
    for (const file of queue) {
      signal.throwIfAborted();
      const { passed, failed } = await runFile(file, databases);
      totals.passed += passed;
      totals.failed += failed;
    }
  };
  // Waits for all workers before it throws, so no database is dropped while a file still uses it.
  const workers = await Promise.allSettled(Array.from({ length: FILES_AT_ONCE }, work));
  for (const worker of workers) if (worker.status === "rejected") throw worker.reason;
  return totals;
}

async function runFile(file: string, databases: TestDatabases): Promise<Totals> {
  const text = await readFile(path.join(REPOSITORY, file), "utf8");
  requireRollback(text);
  const startedAt = performance.now();
  const report = await databases.withDatabase((client) => runPgTap(client, text));
  const milliseconds = Math.round(performance.now() - startedAt);
  const count = report.passed + report.failed;
  const tests = `${count} ${count === 1 ? "test" : "tests"}`;
  console.log(`${report.failed === 0 ? "ok" : "not ok"} ${file} ${tests} ${milliseconds} ms`);
  for (const line of report.diagnostics.join("\n").split("\n").filter(Boolean)) {
    console.log(`  ${line}`);
  }
  return report;
}
