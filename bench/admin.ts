import pg from "pg";
import { startScratchDatabase } from "../local/postgres/scratch-database.ts";
import { compare, type Measure, quantile } from "./report.ts";

const PROFILES = 1_000_000;
const ORGANIZATIONS = 100_000;
const RUNS = 30;
const ADMIN = "00000000-0000-4000-8000-000000000001";
const MEMBER = "00000000-0000-4000-8000-000000000002";

/** The arguments of `admin_list_users`, and the number of profiles that each finds. */
const LISTS = {
  "everybody": "search => null",
  "search that finds 1": "search => 'user-123456@'",
  "search that finds 11,111": "search => 'user-12', page_size => 10",
  "search that finds 25,000": "search => 'ada lovelace'",
  "search that finds 333,333": "search => 'example.com'",
  "plan that 100,000 have": "plan => 'pro'",
  "search, by address": "search => 'example.com', sort => 'email'",
};

/** Measures pages of a million users, and membership policies against owner-only policies. */
export async function measureAdmin(): Promise<Measure[]> {
  await using database = await startScratchDatabase();
  const client = new pg.Client(database.url("postgres"));
  await client.connect();
  try {
    await seed(client);
    const measures: Measure[] = [];
    for (const [name, query] of Object.entries(LISTS)) {
      measures.push(await measurePages(client, name, query));
    }
    measures.push(await comparePolicies(client));
    return measures;
  } finally {
    await client.end();
  }
}

async function seed(client: pg.Client): Promise<void> {
  await client.query(
    `insert into auth.users (id, aud, role, email) values
       ($1, 'authenticated', 'authenticated', 'boss@admin.test'),
       ($2, 'authenticated', 'authenticated', 'member@team.test')`,
    [ADMIN, MEMBER],
  );
  await client.query(
    `insert into auth.sessions (id, user_id, created_at, updated_at)
     select id, id, now(), now() from auth.users where id in ($1, $2)`,
    [ADMIN, MEMBER],
  );
  await client.query("update public.profiles set role = 'admin' where auth_id = $1", [ADMIN]);
  await client.query(
    `insert into public.profiles (email, user_name, subscription_plan, created_at)
     select 'user-' || n || '@' || (array['example.com', 'mail.test', 'team.test'])[1 + n % 3],
       (array['Ada', 'Grace', 'Alan', 'Edsger'])[1 + n % 4] || ' ' ||
         (array['Lovelace', 'Hopper', 'Turing', 'Dijkstra', 'Liskov', 'Knuth', 'Hamilton', 'Ng', 'Li', 'Wirth'])
           [1 + (n / 4) % 10] || ' ' || n,
       case n % 10 when 9 then 'pro' else 'free' end,
       now() - ($1::integer - n) * interval '1 minute'
     from generate_series(1, $1::integer) n`,
    [PROFILES],
  );
  await client.query(
    `with made as (
       insert into public.organizations (name) select 'Team ' || n from generate_series(1, $1::integer) n returning id
     ),
     numbered as (select id, row_number() over () as n from made),
     owners as (select id, row_number() over (order by auth_id) as n from public.profiles)
     update public.profiles p
     set organization_id = m.id, organization_role = 'owner'
     from numbered m join owners o using (n)
     where p.id = o.id`,
    [ORGANIZATIONS],
  );
  await client.query("vacuum analyze");
}

async function measurePages(client: pg.Client, name: string, query: string): Promise<Measure> {
  const pages = [];
  for (const page of [1, 1_000]) {
    const times: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const call = `select public.admin_list_users(page => ${page}, ${query}) as list`;
      const { elapsed, rows: [row] } = await timeAs<{ list: { total: number } }>(
        client,
        "authenticated",
        ADMIN,
        call,
      );
      times.push(elapsed);
      if (!row?.list.total) throw new Error(`${query} finds nobody`);
    }
    pages.push(quantile(times, 0.5));
  }
  const [first = NaN, deep = NaN] = pages;
  return compare(`1,000,000 users, ${name}: page 1,000 : 1`, deep, first);
}

/** Compares reading the caller's organization with reading their profile, each with its policy and without. */
async function comparePolicies(client: pg.Client): Promise<Measure> {
  const { rows: [own] } = await client.query<{ id: string; organization_id: string }>(
    "select id, organization_id from public.profiles where auth_id = $1",
    [MEMBER],
  );
  const queries = {
    membership: ["public.organizations", own?.organization_id],
    owner: ["public.profiles", own?.id],
  } as const;
  const times: Record<keyof typeof queries, number[]> = { membership: [], owner: [] };
  for (let run = 0; run < 20 * RUNS; run += 1) {
    for (const kind of ["membership", "owner"] as const) {
      const [table] = queries[kind];
      // Without a condition, the policy alone finds the row.
      const { elapsed, rows } = await timeAs<{ id: string }>(
        client,
        "authenticated",
        MEMBER,
        `select id from ${table}`,
      );
      if (rows.length !== 1 || rows[0]?.id !== queries[kind][1]) {
        throw new Error("the query returned a wrong row");
      }
      times[kind].push(elapsed);
    }
  }
  const [membership, owner] = [quantile(times.membership, 0.5), quantile(times.owner, 0.5)];
  return compare("policy by membership : policy by owner", membership, owner);
}

/**
 * Runs one statement in a transaction as PostgREST does, with role and claims set first. Returns the
 * milliseconds of the statement alone.
 */
async function timeAs<Row extends pg.QueryResultRow>(
  client: pg.Client,
  role: string,
  sub: string,
  query: string,
): Promise<{ elapsed: number; rows: Row[] }> {
  await client.query("begin");
  const claims = JSON.stringify({ sub, session_id: sub, role });
  await client.query(
    `select set_config('role', $1, true), set_config('request.jwt.claims', $2, true),
       set_config('request.jwt.claim.sub', $3, true)`,
    [role, claims, sub],
  );
  const startedAt = performance.now();
  const { rows } = await client.query<Row>(query);
  const elapsed = performance.now() - startedAt;
  await client.query("rollback");
  return { elapsed, rows };
}
