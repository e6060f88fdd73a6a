import pg from "pg";
import { startScratchDatabase } from "../local/scratch-database.ts";
import { type Measure, milliseconds, quantile, ratio } from "./report.ts";

const SIZES = [50_000, 500_000];
const MESSAGES_PER_SESSION = 50;
const SESSIONS_PER_USER = 50;
const RUNS = 400;

const QUERIES = {
  "sidebar of 50 sessions":
    "select * from public.chat_sessions where user_id = $1 order by updated_at desc limit 50",
  "history of 50 messages":
    "select * from public.chat_messages where session_id = $2 and user_id = $1 order by seq limit 50",
};

/** The two reads of every client under row-level security, against the same SQL without it in the same kind of transaction. */
export async function measureRowSecurity(): Promise<Measure[]> {
  await using database = await startScratchDatabase();
  const client = new pg.Client(database.url("postgres"));
  await client.connect();
  try {
    const measures: Measure[] = [];
    let previous = 0;
    for (const size of SIZES) {
      await seed(client, previous, size);
      previous = size;
      for (const [name, query] of Object.entries(QUERIES)) {
        measures.push(await compare(client, name, query, size));
      }
    }
    return measures;
  } finally {
    await client.end();
  }
}

/** Adds users with 50 sessions of 50 messages each, up to `size` messages. */
async function seed(client: pg.Client, from: number, size: number): Promise<void> {
  const perUser = MESSAGES_PER_SESSION * SESSIONS_PER_USER;
  const first = from / perUser + 1;
  await client.query(
    `insert into auth.users (id, aud, role, email)
     select gen_random_uuid(), 'authenticated', 'authenticated', 'bench-' || n || '@example.com'
     from generate_series($1::integer, $2::integer) n`,
    [first, size / perUser],
  );
  await client.query(
    `insert into public.chat_sessions (user_id, assistant_slug, title, updated_at)
     select p.id, 'coach', 'session ' || n, now() - n * interval '1 minute'
     from public.profiles p, generate_series(1, $1::integer) n
     where not exists (select from public.chat_sessions s where s.user_id = p.id)`,
    [SESSIONS_PER_USER],
  );
  await client.query(
    `insert into public.chat_messages (session_id, user_id, seq, sender, content, parts)
     select s.id, s.user_id, n, case n % 2 when 1 then 'user' else 'assistant' end, repeat('word ', 40),
       jsonb_build_array(jsonb_build_object('type', 'text', 'text', repeat('word ', 40)))
     from public.chat_sessions s, generate_series(1, $1::integer) n
     where s.message_count = 0`,
    [MESSAGES_PER_SESSION],
  );
  await client.query("vacuum analyze");
}

async function compare(
  client: pg.Client,
  name: string,
  query: string,
  size: number,
): Promise<Measure> {
  const { rows } = await client.query<{ auth_id: string; user_id: string; session_id: string }>(`
    select p.auth_id, s.user_id, min(s.id::text) as session_id
    from public.chat_sessions s join public.profiles p on p.id = s.user_id
    group by p.auth_id, s.user_id order by random() limit 100`);
  const values = (row: (typeof rows)[number]) =>
    query.includes("$2") ? [row.user_id, row.session_id] : [row.user_id];
  const [secured, bare]: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run += 1) {
    const row = rows[run % rows.length]!;
    // In turn, so that both meet the same caches.
    secured.push(await time(client, "authenticated", row.auth_id, query, values(row)));
    bare.push(await time(client, "postgres", row.auth_id, query, values(row)));
  }
  const [under, without] = [quantile(secured, 0.5), quantile(bare, 0.5)];
  const value = `${ratio(under, without)} (${milliseconds(under)} against ${
    milliseconds(without)
  })`;
  return { name: `${name}, of ${size.toLocaleString("en")} messages`, value };
}

/** One read in a transaction as PostgREST makes it: role and claims first. Milliseconds of the read alone. */
async function time(
  client: pg.Client,
  role: string,
  sub: string,
  query: string,
  values: string[],
): Promise<number> {
  await client.query("begin");
  const claims = JSON.stringify({ sub, role: "authenticated" });
  await client.query(
    "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true), set_config('request.jwt.claim.sub', $3, true)",
    [role, claims, sub],
  );
  const startedAt = performance.now();
  const { rowCount } = await client.query(query, values);
  const elapsed = performance.now() - startedAt;
  await client.query("rollback");
  if (rowCount !== 50) throw new Error(`expected 50 rows, got ${rowCount}`);
  return elapsed;
}
