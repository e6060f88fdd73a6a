// Run by .ci/postgres15: tests that need Debian's PostgreSQL 15, because it comes with pg_cron, plpgsql_check and
// pg_dump. The last line counts: `N passed, N failed`.
import { execa } from "execa";
import { SUPERUSER } from "../../local/postgres/names.ts";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { withConnection } from "../../scripts/operations/find-database.ts";
import { checkPlpgsql } from "./check-plpgsql.ts";
import {
  checkCronJobs,
  checkCronRuns,
  checkFunctionCall,
  createCronPlatform,
  startCronJob,
} from "./cron-job.ts";
import { differences, makeRoundTrip } from "./round-trip.ts";
import { startServer, type TestServer } from "./start-server.ts";

/** The database of pg_cron. The pgTAP runner cannot copy it, because pg_cron stays connected. */
const CRON_DATABASE = "postgres";
const TEST_DATABASE = "parley";

let passed = 0;
let failed = 0;

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => stopping.abort(new Error("stopped")));
}

try {
  await using resources = new AsyncDisposableStack();
  const server = await startServer(resources);
  await runAll(server);
} catch (error) {
  note(false, "the leg runs to its end", String(error));
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

async function runAll(server: TestServer): Promise<void> {
  await server.preparePlatform(CRON_DATABASE);
  await createCronPlatform(server.url(SUPERUSER, CRON_DATABASE));
  await step("migrations, with pg_cron, pg_net and Vault", () => server.migrate(CRON_DATABASE));
  const url = server.url("postgres", CRON_DATABASE);
  await step("schedules are jobs of pg_cron", () => checkCronJobs(url));
  await step("a job calls an edge function", () => checkFunctionCall(url));
  // The job runs at the next full minute, during the other steps.
  const cronJobRan = await startCronJob(url);

  await server.createDatabase(TEST_DATABASE);
  await server.preparePlatform(TEST_DATABASE);
  await step("migrations, without", () => server.migrate(TEST_DATABASE));
  await runPgTap(server);
  await runPlpgsqlCheck(server);
  await runRoundTrip(server);
  await step("pg_cron runs schedules", cronJobRan);
  await step(
    "old runs of pg_cron go",
    () => checkCronRuns(server.url(SUPERUSER, CRON_DATABASE), url),
  );
}

async function runPgTap(server: TestServer): Promise<void> {
  const { stdout } = await execa(process.execPath, ["tests/database/runner/main.ts"], {
    cwd: REPOSITORY,
    env: { PARLEY_TEST_DB_URL: server.url("postgres", TEST_DATABASE) },
    stdin: "ignore",
    stdout: ["inherit", "pipe"],
    stderr: "inherit",
    reject: false,
    cancelSignal: stopping.signal,
  });
  const [, good = "0", bad = "1"] = stdout.match(/(\d+) passed, (\d+) failed\s*$/) ?? [];
  passed += Number(good);
  failed += Number(bad);
}

async function runPlpgsqlCheck(server: TestServer): Promise<void> {
  const functions = await withConnection(server.url(SUPERUSER, CRON_DATABASE), checkPlpgsql);
  for (const { name, findings } of functions) {
    note(findings.length === 0, `plpgsql_check ${name}`, ...findings);
  }
}

async function runRoundTrip(server: TestServer): Promise<void> {
  await step("backup and restore", async () => {
    const trip = await makeRoundTrip(server, TEST_DATABASE);
    const { before, after } = trip.untouched;
    const tables = Object.keys(trip.source.tables).length;
    expectSame(
      `${tables} tables restored into a fresh project`,
      differences(trip.source, trip.fresh),
    );
    expectSame(`${tables} tables restored over others`, differences(trip.source, trip.overwritten));
    expectSame("a restore that fails changes nothing", differences(before, after));
  });
}

function expectSame(title: string, different: string[]): void {
  note(different.length === 0, title, ...different.slice(0, 40));
}

async function step(title: string, run: () => Promise<void>): Promise<void> {
  stopping.signal.throwIfAborted();
  const startedAt = performance.now();
  try {
    await run();
    note(true, `${title} ${Math.round(performance.now() - startedAt)} ms`);
  } catch (error) {
    note(false, title, error instanceof Error ? error.message : String(error));
  }
}

function note(isGood: boolean, title: string, ...details: string[]): void {
  if (isGood) passed += 1;
  else failed += 1;
  console.log(`${isGood ? "ok" : "not ok"} ${title}`);
  for (const detail of details) console.log(`  ${detail}`);
}
