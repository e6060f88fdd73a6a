import pg from "pg";
import * as z from "zod";
import { findDescendant, peakExtraMemory } from "../tests/helpers/process-memory.ts";
import { compare, compareRounds, type Measure, measure } from "./report.ts";
import {
  type BenchStack,
  type BenchUser,
  createBenchUser,
  startBenchStack,
  temporaryState,
} from "./stack.ts";

const MIB = 1024 * 1024;
const MESSAGES = 100_000;
const SESSIONS = 1_000;
/** The maximum of rows in one REST response (`max_rows`). */
const PAGE = 1_000;
const ROUNDS = 3;
/** MiB, as for an upload. The number includes pages of a megabyte that V8 has not collected yet. */
const MEMORY_TARGET = { most: 100 };
const EXPORT_TARGET = { most: 1.3 };

/** Measures the export of a large account, against reading the same rows by REST, and its deletion. */
export async function measureAccount(): Promise<Measure[]> {
  await using state = await temporaryState();
  await using stack = await startBenchStack(state.directory);
  const user = await createBenchUser(stack.status);
  await seed(stack);
  const functions = await findDescendant(stack.pid, "functions-server");
  await readExport(stack, await createBenchUser(stack.status));

  let document = 0;
  const extra = await peakExtraMemory(functions, async () => {
    document = await readExport(stack, user);
  });
  const exported: number[][] = [];
  const plain: number[][] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    plain.push([await time(() => readByRest(stack, user))]);
    exported.push([await time(() => readExport(stack, user))]);
  }
  const cascade = await time(() => deleteSessions(stack));
  const deleted = await time(() => deleteAccount(stack, user));
  const byRest = compareRounds(
    `export of ${MESSAGES} messages : paging them by REST`,
    exported,
    plain,
    { format: seconds, target: EXPORT_TARGET },
  );
  return [
    byRest,
    measure("  of that, a second", document / MIB / ((byRest.measured ?? NaN) / 1_000), {
      format: (value) => `${value.toFixed(1)} MiB/s`,
    }),
    measure("  size of the document", document / MIB, { format: mebibytes }),
    measure("  peak extra memory of the function", extra / MIB, {
      format: mebibytes,
      target: MEMORY_TARGET,
    }),
    compare("deletion of that account : one DELETE of its sessions", deleted, cascade, {
      format: seconds,
    }),
  ];
}

function seconds(value: number): string {
  return `${(value / 1_000).toFixed(1)} s`;
}

function mebibytes(value: number): string {
  return `${value.toFixed(0)} MiB`;
}

/** Adds messages of about a kilobyte; half of them are replies that OpenAI has stored. */
async function seed({ status }: BenchStack): Promise<void> {
  const database = new pg.Client(status.DB_URL);
  await database.connect();
  await database.query("alter table public.chat_sessions disable trigger chat_sessions_limit");
  await database.query(
    `with sessions as (
       insert into public.chat_sessions (user_id, assistant_slug)
       select s.user_id, s.assistant_slug
       from (select * from public.chat_sessions limit 1) s, generate_series(1, $1::integer)
       returning id, user_id
     )
     insert into public.chat_messages
       (session_id, user_id, seq, sender, content, parts, model, input_tokens, output_tokens, response_id)
     select s.id, s.user_id, n, x.sender, x.content,
       jsonb_build_array(jsonb_build_object('type', 'text', 'text', x.content)),
       case when x.sender = 'assistant' then 'gpt-5.4-mini' end, 100, 100,
       case when x.sender = 'assistant' then 'resp_' || s.id || n end
     from sessions s, generate_series(1, $2::integer) n,
       lateral (select case n % 2 when 1 then 'user' else 'assistant' end as sender,
         (select string_agg('word ' || n * w, ' ') from generate_series(1, 25) w) as content) x`,
    [SESSIONS, MESSAGES / SESSIONS],
  );
  await database.query("analyze");
  await database.end();
}

async function readExport({ status }: BenchStack, user: BenchUser): Promise<number> {
  let bytes = 0;
  for (let after: string | null = ""; after !== null;) {
    const query = new URLSearchParams({ after });
    const response = await fetch(`${status.FUNCTIONS_URL}/account/export?${query}`, {
      headers: { authorization: `Bearer ${user.accessToken}` },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    bytes += text.length;
    // The parts are not parsed: only the export is measured.
    after = z.string().nullable().parse(
      JSON.parse(/"next":(.*)\}\n$/.exec(text.slice(-1_000))?.[1] ?? ""),
    );
  }
  return bytes;
}

/** Reads all messages in pages; each page begins after the last message of the one before. */
async function readByRest({ status }: BenchStack, user: BenchUser): Promise<void> {
  for (let after: { session_id: string; seq: number } | null = null;;) {
    const query = new URLSearchParams({ order: "session_id,seq", limit: String(PAGE) });
    if (after) {
      const { session_id, seq } = after;
      query.set(
        "or",
        `(session_id.gt.${session_id},and(session_id.eq.${session_id},seq.gt.${seq}))`,
      );
    }
    const response = await fetch(`${status.API_URL}/rest/v1/chat_messages?${query}`, {
      headers: { apikey: status.PUBLISHABLE_KEY, authorization: `Bearer ${user.accessToken}` },
    });
    if (!response.ok) throw new Error(await response.text());
    const rows: { session_id: string; seq: number }[] = await response.json();
    after = rows.at(-1) ?? null;
    if (rows.length < PAGE) return;
  }
}

/** Runs the deletion that the database does in any case: cascades and the outbox. It is rolled back. */
async function deleteSessions({ status }: BenchStack): Promise<void> {
  const database = new pg.Client(status.DB_URL);
  await database.connect();
  await database.query("begin");
  await database.query("delete from public.chat_sessions");
  await database.query("rollback");
  await database.end();
}

async function deleteAccount({ status }: BenchStack, user: BenchUser): Promise<void> {
  const response = await fetch(`${status.FUNCTIONS_URL}/account`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${user.accessToken}` },
  });
  if (response.status !== 204) throw new Error(await response.text());
}

/** Returns the duration in milliseconds. */
async function time(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
