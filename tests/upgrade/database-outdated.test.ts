import { expect, test } from "vitest";
import { RELEASE } from "../../functions/_shared/http/outdated.ts";
import { withConnection } from "../../scripts/operations/find-database.ts";
import { freshEnvironment, spawnStack } from "../helpers/own-stack.ts";

test("a missing RPC in a database of the right release is a fault of its own", {
  timeout: 120_000,
}, async () => {
  const stack = spawnStack(await freshEnvironment());
  const { FUNCTIONS_URL, DB_URL } = await stack.ready();
  await withConnection(DB_URL, async (client) =>
    void await client.query(
      "alter function public.schema_version() rename to schema_version_before",
    ));

  const response = await fetch(`${FUNCTIONS_URL}/health`);

  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ code: "internal" });
});

test(
  "functions that miss an RPC answer 503 and log both releases",
  { timeout: 120_000 },
  async () => {
    const stack = spawnStack(await freshEnvironment());
    const { FUNCTIONS_URL, DB_URL } = await stack.ready();
    await withConnection(DB_URL, async (client) =>
      void await client.query(`
      alter function public.schema_version() rename to schema_version_before;
      create or replace function private.release() returns text language sql immutable set search_path = ''
        as 'select ''0.0.9''';
    `));

    const response = await fetch(`${FUNCTIONS_URL}/health`);

    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "database_outdated" });
    const line = await stack.line(/"database_outdated"/);
    expect(line).toContain(`database 0.0.9, functions need ${RELEASE}: npm run db:migrate`);
  },
);
