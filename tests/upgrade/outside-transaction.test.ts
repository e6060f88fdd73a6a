import { expect, test } from "vitest";
import { readHistory } from "../../local/migrations/history.ts";
import { findRuleBreaks } from "../../local/migrations/statement-rules.ts";
import { withConnection } from "../../scripts/operations/find-database.ts";
import { copyProject, hasRelation, makeDatabase, migrate } from "./databases.ts";

const INDEX = "create index concurrently if not exists plans_own_idx on public.plans (name);\n";

test("an index is built concurrently, and again after a failure", async () => {
  const database = await makeDatabase("migrated");
  const project = await copyProject();
  const unique = INDEX.replace("create index", "create unique index");
  await database.query("insert into public.plans (slug, name, rank) values ('twin', 'Pro', 99)");
  await project.write(
    "20270101000000_drop.sql",
    "drop index concurrently if exists public.plans_own_idx;\n",
  );
  await project.write("20270102000000_build.sql", unique);

  await expect(migrate(database, project)).rejects.toThrow("20270102000000_build.sql:1: ");

  await database.query(
    "delete from public.plans where slug = 'twin'; drop index public.plans_own_idx",
  );
  await migrate(database, project);
  expect(await hasRelation(database, "public.plans_own_idx")).toBe(true);
});

test.for(
  [
    [
      "commit",
      "create table public.a (id integer);\ncommit;\ncreate table public.b (id integer);\n",
      "commit",
    ],
    ["a mixed file", `create table public.a (id integer);\n${INDEX}`, "create index concurrently"],
    [
      "vacuum",
      "create table public.a (id integer);\n-- Why.\nvacuum public.plans;\n",
      "vacuum public.plans",
    ],
  ] as const,
)("npm run check refuses %s", async ([, text, statement]) => {
  const database = await makeDatabase("migrated");
  const project = await copyProject();
  await project.write("20270101000000_own.sql", text);
  await migrate(database, project);

  const history = await withConnection(database.url, readHistory);
  const breaks = history.flatMap(findRuleBreaks);

  expect(breaks).toEqual([expect.stringContaining(`20270101000000_own.sql holds \`${statement}`)]);
});

test("npm run check accepts a file that holds one such statement, and functions with blocks", () => {
  const statements = ["-- Why.\nvacuum public.plans", "-- The end.\n"];
  const block = [
    "create function public.f() returns void language plpgsql as $$ begin commit; end $$",
    "rollback to savepoint a",
  ];

  expect(findRuleBreaks({ version: "1", name: "one", statements })).toEqual([]);
  expect(findRuleBreaks({ version: "2", name: "two", statements: block })).toEqual([]);
});
