import { expect, test } from "vitest";
import * as z from "zod";
import { routes } from "../../../types/routes.ts";
import { asPostgres, createUser, must, stack } from "../../helpers/stack.ts";
import { call } from "./call.ts";
import { rest } from "./rest.ts";

const user = await createUser();
must(await user.client.rpc("create_organization", { name: "Edges" }));
await asPostgres(
  "update public.profiles set role = 'admin', subscription_plan = 'pro' where id = $1",
  [user.profileId],
);

const NUMBERS = [
  0,
  1,
  -1,
  1.5,
  32_768,
  -32_769,
  2_147_483_647,
  2_147_483_648,
  -2_147_483_648,
  -2_147_483_649,
  9_007_199_254_740_993,
  1e15,
  1e19,
  -1e19,
  1e308,
  1e-308,
  "9223372036854775808",
  "1e400",
  "NaN",
  "Infinity",
  "-Infinity",
  "",
  null,
];
const TIMES = [
  "0001-01-01T00:00:00Z",
  "0001-01-01T00:00:00+14:00",
  "1970-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "9999-12-31T23:59:59-12:00",
  "9999-12-31T23:59:59.999999+14:00",
  "10000-01-01T00:00:00Z",
  "294276-12-31T23:59:59Z",
  "294277-01-01T00:00:00Z",
  "4714-11-24 BC",
  "2024-02-30",
  "2025-02-29",
  "9999-12-31",
  "0000-00-00",
  "infinity",
  "-infinity",
  "00:00",
  "24:00",
  "23:59",
  "",
  null,
];
/** A plausible value for the other arguments. */
const FILLER: Record<string, unknown> = {
  uuid: user.profileId,
  text: "member",
  jsonb: {},
  boolean: false,
  user_role: "user",
  "text[]": [],
  "uuid[]": [],
};

const isNumber = (type: string) =>
  /^(smallint|integer|bigint|numeric|real|double precision)/.test(type);
const isTime = (type: string) => /^(date|time|timestamp|interval)/.test(type);
const edgesOf = (type: string) => isNumber(type) ? NUMBERS : isTime(type) ? TIMES : [];

const parameters = await asPostgres<
  { name: string; args: string[]; types: string[]; position: number }
>(`
  select p.proname as name, p.proargnames[:cardinality(t.types)] as args, t.types, i.position::integer - 1 as position
  from pg_proc p
  cross join lateral (
    select array_agg(format_type(a.type, null) order by a.n) as types
    from unnest(p.proargtypes) with ordinality a (type, n)
  ) t
  cross join lateral unnest(t.types) with ordinality i (type, position)
  where p.pronamespace = 'public'::regnamespace
    and (has_function_privilege('authenticated', p.oid, 'execute') or has_function_privilege('anon', p.oid, 'execute'))
    and i.type ~ '^(smallint|integer|bigint|numeric|real|double|date|time|interval)'
  order by 1, 4`);

test("the catalogue has parameters to try", () => {
  expect(parameters.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "admin_grant_credits",
      "organization_usage",
      "set_organization_budget",
    ]),
  );
});

test.for(parameters.map((each) => ({ ...each, argument: each.args[each.position] ?? "" })))(
  "RPC $name takes or refuses every $argument",
  async ({ name, args, types, argument, position }) => {
    const others = Object.fromEntries(
      args.map((arg, index) => {
        const type = types[index] ?? "";
        return [arg, isNumber(type) ? 1 : isTime(type) ? "2026-01-01" : FILLER[type] ?? "member"];
      }),
    );
    const bad: unknown[] = [];
    for (const value of edgesOf(types[position] ?? "")) {
      const answer = await rest(user, "POST", `rpc/${name}`, {
        body: { ...others, [argument]: value },
      });
      if (answer.status >= 500) bad.push({ value, answer: answer.text });
    }
    expect(bad).toEqual([]);
  },
);

const writable = await asPostgres<{ table: string; column: string; type: string }>(`
  select c.relname as table, a.attname as column, format_type(a.atttypid, null) as type
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
    and (has_column_privilege('authenticated', c.oid, a.attnum, 'insert')
      or has_column_privilege('authenticated', c.oid, a.attnum, 'update'))
    and format_type(a.atttypid, null) ~ '^(smallint|integer|bigint|numeric|real|double|date|time|interval)'
  order by 1, 2`);

test("clients can write no column with a number or a time, or it takes or refuses every value", async () => {
  const bad: unknown[] = [];
  for (const { table, column, type } of writable) {
    for (const value of edgesOf(type)) {
      const body = { [column]: value };
      for (
        const [method, target] of [["POST", table], [
          "PATCH",
          `${table}?${column}=is.null`,
        ]] as const
      ) {
        const answer = await rest(user, method, target, { body });
        if (answer.status >= 500) bad.push({ table, method, body, answer: answer.text });
      }
    }
  }
  expect(bad).toEqual([]);
});

const Properties = z.object({
  properties: z.record(
    z.string(),
    z.looseObject({
      type: z.string().optional(),
      enum: z.array(z.string()).optional(),
      format: z.string().optional(),
      pattern: z.string().optional(),
    }),
  ).default({}),
});

/** Returns bodies in which one field has an edge value, for each value of an enumeration beside it. */
function* edgeBodies(schema: z.ZodType, example: Record<string, unknown> = {}) {
  const { properties } = Properties.parse(
    z.toJSONSchema(schema, { unrepresentable: "any", io: "input" }),
  );
  const words = Object.entries(properties).flatMap(([name, { enum: values = [] }]) =>
    values.map((value) => ({ [name]: value }))
  );
  for (const [name, { type, format, pattern }] of Object.entries(properties)) {
    const edges = type === "number" || type === "integer"
      ? NUMBERS
      : format === "date-time" || pattern?.includes("\\d")
      ? TIMES
      : [];
    for (const value of edges) {
      for (const word of [{}, ...words]) yield { ...example, ...word, [name]: value };
    }
  }
}

const bodies = routes.flatMap(({ method, path, auth, json = [], example }) =>
  json.flatMap((schema) => {
    const list = [...edgeBodies(schema, example)];
    return list.length === 0 ? [] : [{ method, path, auth, list }];
  })
);

test("some routes take numbers and times", () => {
  const paths = bodies.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(["/lookouts", "/lookouts/:id", "/billing/checkout"]),
  );
});

test.for(bodies)(
  "$method $path takes or refuses every number and time",
  { timeout: 60_000 },
  async ({ method, path, auth, list }) => {
    const bad: unknown[] = [];
    for (const body of list) {
      const id = await replaceLookouts();
      const route = { method, path: path.replace(":id", id), auth, body };
      const response = await call(route, {
        authorization: `Bearer ${user.accessToken}`,
        apikey: stack.PUBLISHABLE_KEY,
      });
      const text = await response.text();
      if (response.status >= 500) bad.push({ body, text });
    }
    expect(bad).toEqual([]);
  },
);

/** Replaces the user's lookouts, because a plan limits their number. */
async function replaceLookouts(): Promise<string> {
  await asPostgres("delete from private.rate_counters");
  await asPostgres("delete from public.lookouts where user_id = $1", [user.profileId]);
  const [lookout] = await asPostgres<{ id: string }>(
    `select id from public.create_lookout($1, 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC', now())`,
    [user.authId],
  );
  return lookout?.id ?? "";
}
