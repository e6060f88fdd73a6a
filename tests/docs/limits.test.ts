import pg from "pg";
import { expect, test } from "vitest";
import { readLimitValues } from "../../scripts/reference/limits-page.ts";
import { limitedRoutes, limitedRpcs, limitedTables } from "../../types/limited-calls.ts";
import { isErrorCode } from "../../types/errors.ts";
import { type Limit, limits } from "../../types/limits.ts";
import { routes } from "../../types/routes.ts";
import { asPostgres, stack } from "../helpers/stack.ts";

/** Tables of which `anon` or `authenticated` may insert or update a column, under a policy. */
const WRITABLE = `
  select format('%s.%s', c.relnamespace::regnamespace, c.relname) as name
  from pg_class c
  where c.relnamespace in ('public'::regnamespace, 'storage'::regnamespace) and c.relkind in ('r', 'p')
    and exists (
      select from unnest(array['anon', 'authenticated']) as r (role), unnest(array['insert', 'update']) as v (verb)
      where has_any_column_privilege(r.role, c.oid, v.verb)
        and (not c.relrowsecurity or exists (
          select from pg_policies p
          where p.schemaname = c.relnamespace::regnamespace::text and p.tablename = c.relname
            and p.cmd in ('ALL', upper(v.verb))
        ))
    )`;
/** Functions of the REST API that `anon` or `authenticated` may call and that may write. */
const WRITING = `
  select p.proname as name
  from pg_proc p
  where p.pronamespace = 'public'::regnamespace and p.provolatile = 'v' and p.prorettype <> 'trigger'::regtype
    and (has_function_privilege('anon', p.oid, 'execute')
      or has_function_privilege('authenticated', p.oid, 'execute'))`;

async function namesOf(query: string): Promise<string[]> {
  return (await asPostgres<{ name: string }>(query)).map(({ name }) => name).sort();
}

test("every table that clients write has a line", async () => {
  const tables = await namesOf(WRITABLE);

  expect(tables).toContain("storage.objects");
  // Supabase Auth writes its table for clients, so no role of the API has a right to it.
  expect(Object.keys(limitedTables).filter((name) => name !== "auth.users").sort()).toEqual(tables);
});

test("every RPC of clients that may write has a line", async () => {
  expect(Object.keys(limitedRpcs).sort()).toEqual(await namesOf(WRITING));
});

test("every route of clients that may write has a line", () => {
  const writing = routes.filter(({ method, auth }) => method !== "GET" && auth !== "secret");

  expect(Object.keys(limitedRoutes).sort())
    .toEqual(writing.map(({ method, path }) => `${method} ${path}`).sort());
});

test("every line has a limit or a reason", () => {
  const calls = { ...limitedTables, ...limitedRpcs, ...limitedRoutes };
  const empty = Object.entries(calls).filter(([, { limits: names, because }]) =>
    names.length === 0 && !because
  );

  expect(empty).toEqual([]);
});

test("every limit has a call, and its code is in the list of errors", () => {
  const calls = Object.values({ ...limitedTables, ...limitedRpcs, ...limitedRoutes });
  const used = new Set<string>(calls.flatMap(({ limits: names }) => names));
  const all = Object.entries<Limit>(limits);

  expect(all.filter(([name]) => !used.has(name))).toEqual([]);
  expect(all.filter(([, { code }]) => !isErrorCode(code))).toEqual([]);
});

test("a route lists the codes of its limits", () => {
  const missing = routes.flatMap(({ method, path, errors }) =>
    limitedRoutes[`${method} ${path}`]?.limits
      .map((name) => limits[name].code)
      // Every route has these.
      .filter((code) => code !== "invalid_request" && code !== "payload_too_large")
      .filter((code) => !errors.includes(code))
      .map((code) => `${method} ${path}: ${code}`) ?? []
  );

  expect(missing).toEqual([]);
});

test("every limit of plans and of private.limit_policy has a line", async () => {
  const client = new pg.Client({ connectionString: stack.DB_URL });
  await client.connect();
  const { plans: [plan = {}], policy } = await readLimitValues(client).finally(() => client.end());
  const all: Limit[] = Object.values(limits);
  const columns = all.flatMap(({ value }) => "plan" in value ? [value.plan] : []);
  const policies = all.flatMap(({ value }) => "policy" in value ? [value.policy] : []);
  const noLimit = ["slug", "name", "rank", "max_output_tokens"];

  expect([...new Set<string>(columns)].sort())
    .toEqual(Object.keys(plan).filter((name) => !noLimit.includes(name)).sort());
  expect(policies.sort()).toEqual(Object.keys(policy).filter((name) => name !== "is_only").sort());
});
