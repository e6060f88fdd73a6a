import path from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { openPool } from "../../../local/postgres/open-pool.ts";
import { REPOSITORY } from "../../../local/stack/settings.ts";
import { asPostgres, stack } from "../../helpers/stack.ts";

const end = "select pg_terminate_backend($1)";

test("a connection that breaks while it is in use fails only its own query", async () => {
  const pool = openPool(stack.DB_URL, 1);
  onTestFinished(() => pool.end());
  const client = await pool.connect();
  const { rows: [own] } = await client.query("select pg_backend_pid() as pid");

  const ended = new Promise<void>((resolve) => client.once("end", resolve));
  await asPostgres(end, [own.pid]);
  await ended;

  await expect(client.query("select 1")).rejects.toThrow();
  client.release();
  expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
});

/** A program that writes to a transaction's connection after it was lost, as the REST API can. */
const program = (preparation: string) => `
  import postgres from "postgres";
  ${preparation}
  const thrown = new Promise((resolve) => process.once("uncaughtExceptionMonitor", resolve));
  const sql = postgres(process.env.DB_URL, { max: 2 });
  const gone = Promise.withResolvers();
  await sql.begin(async (transaction) => {
    const [{ pid }] = await transaction\`select pg_backend_pid() as pid\`;
    await sql\`select pg_terminate_backend(\${pid})\`;
    await gone.promise;
    await transaction\`select 1\`;
  }).catch(gone.resolve);
  await thrown;
  await new Promise(setImmediate);
  console.log("lives on");
  process.exit();`;

function run(preparation: string) {
  const args = ["--input-type=module", "--eval", program(preparation)];
  const env = { DB_URL: stack.DB_URL };
  // Without an uncaught error, the program would wait for ever.
  const options = { cwd: REPOSITORY, preferLocal: true, env, reject: false, timeout: 20_000 };
  return execa("node", args, options);
}

test("a transaction that loses its connection does not end the process", async () => {
  const guard = path.join(REPOSITORY, "local/rest/survive-lost-connections.ts");
  const guarded =
    `import { surviveLostConnections } from "${guard}"; surviveLostConnections(() => console.log("replaced"));`;

  expect((await run(guarded)).stdout).toMatch(/replaced\nlives on/);
});

test("a lost query that nobody awaits does not end the process", async () => {
  const guard = path.join(REPOSITORY, "local/rest/survive-lost-connections.ts");
  const lost =
    `import { surviveLostConnections } from "${guard}"; surviveLostConnections(() => console.log("lost"));
    Promise.reject(Object.assign(new Error("write CONNECTION_CLOSED"), { code: "CONNECTION_CLOSED" }));`;

  const { exitCode, stdout } = await run(lost);

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^lost$/m);
});

test("any other uncaught error still ends the process", async () => {
  const guard = path.join(REPOSITORY, "local/rest/survive-lost-connections.ts");
  const mistaken =
    `import { surviveLostConnections } from "${guard}"; surviveLostConnections(() => {});
    setImmediate(() => null.write());`;

  const { exitCode, stderr } = await run(mistaken);

  expect(exitCode).not.toBe(0);
  expect(stderr).toContain("TypeError");
});

test("postgres.js still needs the guard", async () => {
  expect((await run("")).stderr).toContain("nextWrite");
});
