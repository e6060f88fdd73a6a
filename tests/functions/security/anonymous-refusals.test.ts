import { expect, test } from "vitest";
import { asPostgres, stack } from "../../helpers/stack.ts";
import { freshAddress } from "../bridge/bridge-client.ts";
import { call } from "./call.ts";
import { nameOf, type Route, routes } from "./routes.ts";

const CALLS = 1_000;
const AT_ONCE = 25;

/** Every RPC that callers without sign-in may call, as a route. */
const rpcs: Record<string, object> = { get_shared_chat: { token: "x" } };

/** Every route that needs no sign-in. */
const anonymous = routes.filter(({ auth }) => ["none", "publishable", "signature"].includes(auth));

test("the table names every RPC that anybody may call", async () => {
  const callable = await asPostgres<{ name: string }>(
    `select proname as name from pg_proc
     where pronamespace = 'public'::regnamespace and has_function_privilege('anon', oid, 'execute')
       and not exists (select from pg_depend d where d.objid = pg_proc.oid and d.deptype = 'e')`,
  );

  expect(Object.keys(rpcs)).toEqual(callable.map(({ name }) => name));
});

test.for(anonymous.map((route): [string, Route] => [nameOf(route), route]))(
  `${CALLS} calls of %s, refused or not, write one row for their address at most`,
  { timeout: 120_000 },
  async ([, route]) => {
    const written = await writtenBy((address) =>
      call(route, { apikey: stack.PUBLISHABLE_KEY, "x-forwarded-for": address })
    );
    expect(written).toBeLessThanOrEqual(1);
  },
);

test.for(Object.entries(rpcs))(
  `${CALLS} refused calls of the RPC %s write no row`,
  { timeout: 120_000 },
  async ([name, args]) => {
    const body = JSON.stringify(args);
    const written = await writtenBy((address) =>
      fetch(`${stack.API_URL}/rest/v1/rpc/${name}`, {
        method: "POST",
        headers: {
          apikey: stack.PUBLISHABLE_KEY,
          "content-type": "application/json",
          "x-forwarded-for": address,
        },
        body,
      })
    );
    expect(written).toBe(0);
  },
);

/**
 * Makes the calls from a new address and returns how many rows name it. Fails if the tables gain as many rows as a
 * row for every tenth call would give. Schedules and earlier tests' background work may write a few in the meantime.
 */
async function writtenBy(send: (address: string) => Promise<Response>): Promise<number> {
  const address = freshAddress();
  const before = await countRows();
  for (let made = 0; made < CALLS; made += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => await (await send(address)).text()),
    );
  }
  expect(await countRows() - before).toBeLessThan(CALLS / 10);
  return await countRows(`where t::text like '%${address}%'`);
}

async function countRows(condition = ""): Promise<number> {
  const tables = await asPostgres<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname in ('public', 'private', 'auth', 'storage')
       and c.relname not in ('schedule_calls', 'purge_counts')`,
  );
  const sums = tables.map(({ name }) => `(select count(*) from ${name} t ${condition})`).join(
    " + ",
  );
  const [row] = await asPostgres<{ rows: number }>(`select (${sums})::int as rows`);
  return row?.rows ?? NaN;
}
