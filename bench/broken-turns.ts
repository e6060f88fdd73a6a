import { setTimeout as delay } from "node:timers/promises";
import OpenAI from "openai";
import pg from "pg";
import { type Measure, measure } from "./report.ts";
import { type BenchStack, startBenchStack, temporaryState } from "./stack.ts";

const TURNS = 10_000;
const USERS = 100;
/** The requests at a time with which the benchmark prepares OpenAI's side. */
const AT_ONCE = 20;
const LONGEST_MS = 15 * 60_000;

/**
 * Measures the settlement of turns whose function died, and the deletion of their responses at OpenAI, with the real
 * functions and the emulator over HTTP. The schedules of the local stack do both.
 */
export async function measureBrokenTurns(): Promise<Measure[]> {
  await using state = await temporaryState();
  await using stack = await startBenchStack(state.directory);
  const database = new pg.Pool({ connectionString: stack.status.DB_URL, max: 2 });
  try {
    await breakTurns(database, await createResponses(stack));
    const active = "select count(*) from public.chat_turns where status = 'active'";
    const settled = await timeUntilNone(database, active);
    const lost = await count(
      database,
      `select ${TURNS} - count(*) from public.chat_messages where sender = 'assistant' and status = 'complete'`,
    );

    await database.query("delete from public.chat_sessions");
    const due = await count(database, OUTBOX);
    const deleted = await timeUntilNone(database, OUTBOX);
    return [
      measure(`${TURNS} broken turns: all settled after`, settled / 1000, {
        format: seconds,
        target: { most: 300 },
      }),
      measure("  not complete", lost, { target: { most: 0 } }),
      measure(`${due} objects in the outbox: deleted at OpenAI a second`, due / deleted * 1000, {
        format: (value) => `${value.toFixed(0)}/s`,
        target: { least: 50 },
      }),
    ];
  } finally {
    await database.end();
  }
}

const OUTBOX = "select count(*) from private.remote_deletions";

/** Creates responses that OpenAI has completed. Returns their ids. */
async function createResponses({ status }: BenchStack): Promise<string[]> {
  const openai = new OpenAI({ apiKey: "bench", baseURL: status.OPENAI_BASE_URL, maxRetries: 0 });
  const ids: string[] = [];
  const create = async () => {
    while (ids.length < TURNS) {
      const { id } = await openai.responses.create({ model: "gpt-5.4-mini", input: "Hello" });
      ids.push(id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, create));
  return ids.slice(0, TURNS);
}

/** Creates a chat for each response, whose turn has been silent for two minutes. */
async function breakTurns(database: pg.Pool, responses: string[]): Promise<void> {
  await database.query(
    `insert into auth.users (id, email, email_confirmed_at)
     select gen_random_uuid(), 'broken-' || n || '@example.com', now() from generate_series(1, $1::integer) n`,
    [USERS],
  );
  await database.query(
    `with owner as (
       select id, row_number() over () - 1 as number from public.profiles where email like 'broken-%'
     ),
     session as (
       insert into public.chat_sessions (id, user_id, assistant_slug)
       select md5(r.id)::uuid, owner.id, 'coach'
       from unnest($1::text[]) with ordinality as r (id, number)
       join owner on owner.number = r.number % $2
       returning id, user_id
     )
     insert into public.chat_messages (id, session_id, user_id, sender, content, parts, status)
     select md5(session.id::text || side.sender)::uuid, session.id, session.user_id, side.sender, side.content,
       '[]', side.status
     from session,
       (values ('user', 'Hello', 'complete'), ('assistant', '', 'streaming')) side (sender, content, status)
     order by session.id, side.sender desc`,
    [responses, USERS],
  );
  await database.query(
    `insert into public.chat_turns
       (session_id, user_id, user_message_id, assistant_message_id, response_id, progressed_at)
     select s.id, s.user_id, md5(s.id::text || 'user')::uuid, md5(s.id::text || 'assistant')::uuid, r.id,
       now() - interval '2 minutes'
     from unnest($1::text[]) r (id) join public.chat_sessions s on s.id = md5(r.id)::uuid`,
    [responses],
  );
  await database.query("analyze");
}

/** Returns the milliseconds until a query counts none. */
async function timeUntilNone(database: pg.Pool, query: string): Promise<number> {
  const startedAt = Date.now();
  while (await count(database, query) > 0) {
    if (Date.now() - startedAt > LONGEST_MS) throw new Error(`not done in time: ${query}`);
    await delay(250);
  }
  return Date.now() - startedAt;
}

async function count(database: pg.Pool, query: string): Promise<number> {
  const { rows: [row] } = await database.query<Record<string, unknown>>(query);
  return Number(Object.values(row ?? {})[0]);
}

const seconds = (value: number) => `${value.toFixed(0)} s`;
