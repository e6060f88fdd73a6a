import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { withConnection } from "../../scripts/operations/find-database.ts";
import {
  emptyEnvironment,
  freshEnvironment,
  spawnStack,
  stackOfFile,
} from "../helpers/own-stack.ts";

const ownStack = stackOfFile();

test("a second start on the same state directory says where the first stack runs", async () => {
  const { env, status } = ownStack();
  const second = spawnStack(env);

  expect(await second.line(/already runs/)).toContain(status.API_URL);
  expect(await second.ended).toBe(1);
});

test.for(
  [
    ["PARLEY_API_PORT", "API_URL"],
    ["PARLEY_DB_PORT", "DB_URL"],
    ["PARLEY_MAIL_PORT", "SMTP_URL"],
  ] as const,
)(
  "a port used by another stack is reported with its variable (%s)",
  async ([variable, address]) => {
    const { port } = new URL(ownStack().status[address]);
    const second = spawnStack({ ...await emptyEnvironment(), [variable]: port });

    expect(await second.line(/is in use/)).toMatch(new RegExp(`${port}.*${variable}`));
    expect(await second.ended).toBe(1);
  },
);

test("an invalid setting is named", async () => {
  const stack = spawnStack({ ...await emptyEnvironment(), PARLEY_API_PORT: "many" });

  expect(await stack.line(/PARLEY_API_PORT/)).toBeTruthy();
  expect(await stack.ended).toBe(1);
});

test("a state directory of another version is recognised and not changed", async () => {
  const env = await emptyEnvironment();
  const file = path.join(env.PARLEY_STATE_DIR, "version.json");
  const other = JSON.stringify({ layout: 99, postgres: 12 });
  await writeFile(file, other);
  const stack = spawnStack(env);

  expect(await stack.line(/another version/)).toMatch(/layout 99, Postgres 12/);
  expect(await stack.ended).toBe(1);
  expect(await readFile(file, "utf8")).toBe(other);
});

test("a database with an older baseline stops the start and says what to do", {
  timeout: 120_000,
}, async () => {
  const env = await freshEnvironment();
  const first = spawnStack(env);
  const { DB_URL } = await first.ready();
  await withConnection(DB_URL, async (client) =>
    void await client.query(
      "update supabase_migrations.schema_migrations set statements = array['create schema old']",
    ));
  await first.end();

  const second = spawnStack(env);

  expect(await second.line(/older baseline/)).toMatch(/npm run db:reset/);
  expect(await second.ended).toBe(1);
});
