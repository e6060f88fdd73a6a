import pg from "pg";
import { findDescendant, peakExtraMemory } from "./process-memory.ts";
import { type Measure, ratio } from "./report.ts";
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
/** What `max_rows` lets one request of the REST API have. */
const PAGE = 1_000;

/** Export of an account with many messages: memory and speed, against reading the same rows by REST; then its deletion. */
export async function measureAccount(): Promise<Measure[]> {
  await using state = await temporaryState();
  await using stack = await startBenchStack(state.directory);
  const user = await createBenchUser(stack.status);
  await seed(stack);
  const functions = await findDescendant(stack.pid, "functions-server");
  await readExport(stack, await createBenchUser(stack.status));

  const plain = await time(() => readByRest(stack, user));
  let exported = { bytes: 0, spent: 1 };
  const extra = await peakExtraMemory(functions, async () => {
    exported = await time(() => readExport(stack, user));
  });
  const deleted = await time(() => deleteAccount(stack, user));
  const rate = ({ bytes, spent }: Timed) => bytes / MIB / spent * 1_000;
  return [
    {
      name: `export of ${MESSAGES} messages: peak extra memory`,
      value: `${(extra / MIB).toFixed(0)} MiB for ${(exported.bytes / MIB).toFixed(0)} MiB`,
    },
    {
      name: "export, against paging the same rows by REST",
      value: `${rate(exported).toFixed(1)} MiB/s against ${rate(plain).toFixed(1)} MiB/s, ${
        ratio(rate(exported), rate(plain))
      } the speed`,
    },
    {
      name: "deletion of that account",
      value: `${(deleted.spent / 1_000).toFixed(1)} s, ${
        (MESSAGES / deleted.spent * 1_000).toFixed(0)
      } messages/s`,
    },
  ];
}

interface Timed {
  bytes: number;
  /** Milliseconds. */
  spent: number;
}

/** Messages of about a kilobyte, half of them replies that OpenAI has stored. */
async function seed({ status }: BenchStack): Promise<void> {
  const database = new pg.Client(status.DB_URL);
  await database.connect();
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
  const response = await fetch(`${status.FUNCTIONS_URL}/account/export`, {
    headers: { authorization: `Bearer ${user.accessToken}` },
  });
  if (!response.ok || !response.body) throw new Error(await response.text());
  let bytes = 0;
  for await (const chunk of response.body) bytes += chunk.byteLength;
  return bytes;
}

/** All messages, a page at a time, each after the last message of the one before. */
async function readByRest({ status }: BenchStack, user: BenchUser): Promise<number> {
  let bytes = 0;
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
    const text = await response.text();
    bytes += text.length;
    const rows: { session_id: string; seq: number }[] = JSON.parse(text);
    after = rows.at(-1) ?? null;
    if (rows.length < PAGE) return bytes;
  }
}

async function deleteAccount({ status }: BenchStack, user: BenchUser): Promise<number> {
  const response = await fetch(`${status.FUNCTIONS_URL}/account`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${user.accessToken}` },
  });
  if (response.status !== 204) throw new Error(await response.text());
  return 0;
}

async function time(work: () => Promise<number>): Promise<Timed> {
  const startedAt = performance.now();
  const bytes = await work();
  return { bytes, spent: performance.now() - startedAt };
}
