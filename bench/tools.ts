import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { StackStatus } from "../local/stack/status.ts";
import { type RecordedCall, startRecordedFunctions, type Upstream } from "./recorded-functions.ts";
import { type Measure, measure, milliseconds, quantile } from "./report.ts";
import { type BenchUser, createBenchUser, startBenchStack, temporaryState } from "./stack.ts";

const WARM_UP = 5;
const SAMPLES = 60;
/** The pause after each turn, so that the work after its end does not fall into the next one. */
const REST_MS = 30;

/** The emulator's time to the first token. The id of a response is saved meanwhile, as with OpenAI itself. */
const TTFT_MS = 50;

/** An assistant with two tools, which the emulator calls when a message names them. */
const ASSISTANT = `
  insert into public.assistants (slug, name, description, model) values ('bench', 'Bench', '', 'gpt-5.4-mini');
  create table public.bench_goals (user_id uuid not null default private.current_profile_id(), title text);
  alter table public.bench_goals enable row level security;
  grant select on public.bench_goals to authenticated;
  create policy bench_goals_select_own on public.bench_goals for select to authenticated
    using (user_id = (select private.current_profile_id()));
  create function tools.list_goals() returns table (title text) language sql stable set search_path = ''
    as 'select g.title from public.bench_goals g';
  create function tools.count_goals() returns bigint language sql stable set search_path = ''
    as 'select count(*) from public.bench_goals';
  comment on function tools.list_goals is 'Lists goals.';
  comment on function tools.count_goals is 'Counts goals.';
  select private.add_function_tool('bench', 'tools.list_goals');
  select private.add_function_tool('bench', 'tools.count_goals');
  insert into public.bench_goals (user_id, title)
  select p.id, 'Goal ' || n from public.profiles p, generate_series(1, 10) n;
`;

/** A message for each number of calls. */
const MESSAGES = [
  "Hello, how are you?",
  "Please list goals.",
  "Please list goals and count goals.",
];

/** Functions with a user, and the calls of their current turn. */
interface Recorder {
  status: StackStatus;
  user: BenchUser;
  calls: RecordedCall[];
}

/** Compares turns with one and with two calls of function tools with the same turn without a call. */
export async function measureTools(): Promise<Measure[]> {
  await using parts = new AsyncDisposableStack();
  const state = parts.use(await temporaryState());
  const stack = parts.use(await startBenchStack(state.directory));
  const user = await createToolUser(stack.status);
  const record = async (upstreams: Upstream[]): Promise<Recorder> => {
    const calls: RecordedCall[] = [];
    const note = (call: RecordedCall) => void calls.push(call);
    return {
      status: await startRecordedFunctions(parts, stack.status, note, upstreams),
      user,
      calls,
    };
  };
  const [none = [], one = [], two = []] = await countCalls(await record(["database"]));
  await fetch(new URL("/_emulator/behaviour", stack.status.OPENAI_BASE_URL), {
    method: "PUT",
    body: JSON.stringify({ ttft_ms: TTFT_MS }),
  });
  // A proxy before the database would cost time.
  const [without = NaN, withOne = NaN, withTwo = NaN] = await takeTimes(await record(["openai"]));
  const format = milliseconds;
  return [
    measure("a call of a function tool, without OpenAI's time", withOne - without, {
      format,
      target: { most: 25 },
    }),
    measure("a second call in the same step", withTwo - withOne, { format }),
    measure("a turn without calls, without OpenAI's time", without, { format }),
    measure("database calls for a tool", two.length - one.length, { target: { most: 1 } }),
    measure("database calls for a step", one.length - none.length - 1),
    { name: "all database calls of a turn with one call, in order", value: one.join(" · ") },
  ];
}

/** Returns the calls of the database in a turn with each message. */
async function countCalls(recorder: Recorder): Promise<string[][]> {
  const counted: string[][] = [];
  // The first turn of a chat opens its conversation.
  for (const message of ["Hello", ...MESSAGES]) {
    await takeTurn(recorder, message);
    counted.push(recorder.calls.map(({ path }) => path.split("/").at(-1) ?? path));
  }
  return counted.slice(1);
}

/** Returns the medians of the milliseconds of turns with each message, which alternate. */
async function takeTimes(recorder: Recorder): Promise<number[]> {
  const samples: number[][] = MESSAGES.map(() => []);
  for (let index = 0; index < WARM_UP + SAMPLES; index += 1) {
    for (const [calls, message] of MESSAGES.entries()) {
      const ms = await takeTurn(recorder, message);
      if (index >= WARM_UP) samples[calls]?.push(ms);
    }
  }
  return samples.map((times) => quantile(times, 0.5));
}

async function createToolUser(status: StackStatus): Promise<BenchUser> {
  const user = await createBenchUser(status);
  const client = new pg.Client(status.DB_URL);
  await client.connect();
  await client.query(ASSISTANT);
  await client.end();
  const { data } = await user.client.from("chat_sessions").insert({
    assistant_slug: "bench",
    title: "Bench",
  })
    .select("id").single().throwOnError();
  return { ...user, sessionId: data.id };
}

/** Sends a message and reads the reply. Returns its milliseconds, less those in which a recorded call was open. */
async function takeTurn({ status, user, calls }: Recorder, content: string): Promise<number> {
  calls.length = 0;
  const startedAt = performance.now();
  const response = await fetch(`${status.FUNCTIONS_URL}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${user.accessToken}` },
    body: JSON.stringify({ session_id: user.sessionId, content }),
  });
  const stream = await response.text();
  const ms = performance.now() - startedAt;
  if (!stream.includes('"type":"finish"')) throw new Error(stream);
  const recorded = calls.map((call) => call.endedAt - call.startedAt);
  await delay(REST_MS);
  return recorded.reduce((rest, part) => rest - part, ms);
}
