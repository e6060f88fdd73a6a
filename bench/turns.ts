import { readFile } from "node:fs/promises";
import { execa } from "execa";
import pg from "pg";
import { compare, type Measure, measure, milliseconds, quantile } from "./report.ts";
import {
  type BenchStack,
  type BenchUser,
  createBenchUser,
  startBenchStack,
  temporaryState,
} from "./stack.ts";

const STREAMS = 200;
const WORDS = 40;
const LONG_REPLY_WORDS = 1_000;
const START_SECONDS = 4;

/**
 * Measures many streams at once, the CPU time of a chunk and of a long reply, and the turns that the database
 * can start.
 */
export async function measureTurns(): Promise<Measure[]> {
  await using state = await temporaryState();
  await using stack = await startBenchStack(state.directory);
  return [
    ...await measureManyStreams(stack),
    ...await measureLongReply(stack),
    ...await measureStartTurn(stack),
  ];
}

async function behave({ status }: BenchStack, behaviour: Record<string, unknown>): Promise<void> {
  const url = new URL("/_emulator/behaviour", status.OPENAI_BASE_URL);
  await fetch(url, { method: "PUT", body: JSON.stringify(behaviour) });
}

async function stream({ status }: BenchStack, user: BenchUser): Promise<string> {
  const response = await fetch(`${status.FUNCTIONS_URL}/chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.accessToken}` },
    body: JSON.stringify({ session_id: user.sessionId, content: "Count" }),
  });
  return await response.text();
}

async function measureManyStreams(stack: BenchStack): Promise<Measure[]> {
  const reply = Array.from({ length: WORDS }, (_, index) => `word${index}`).join(" ");
  await behave(stack, { reply, tokens_per_second: 10 });
  const users: BenchUser[] = [];
  for (let batch = 0; batch < STREAMS; batch += 20) {
    users.push(
      ...await Promise.all(Array.from({ length: 20 }, () => createBenchUser(stack.status))),
    );
  }
  const pid = await functionsPid(stack);
  const idle = await residentMegabytes(pid);
  const startedAt = performance.now();
  let peak = idle;
  const sampler = setInterval(async () => peak = Math.max(peak, await residentMegabytes(pid)), 200);
  const answers = await Promise.all(users.map((user) => stream(stack, user)));
  clearInterval(sampler);
  const whole = answers.filter((answer) =>
    answer.includes('"type":"finish"') && answer.includes(`word${WORDS - 1}"`)
  );
  const ideal = (WORDS / 10) * 1000;
  return [
    measure(`${STREAMS} streams at once: dropped`, STREAMS - whole.length, { target: { most: 0 } }),
    measure("  memory a stream, in the function", ((peak - idle) / STREAMS) * 1024, {
      format: (value) => `${value.toFixed(0)} KB`,
    }),
    compare("  memory of the function, at most : idle", peak, idle, {
      format: (value) => `${value.toFixed(0)} MB`,
    }),
    measure("  added time a chunk", (performance.now() - startedAt - ideal) / WORDS, {
      format: milliseconds,
    }),
  ];
}

async function measureLongReply(stack: BenchStack): Promise<Measure[]> {
  await behave(stack, { reply: Array(LONG_REPLY_WORDS).fill("word").join(" ") });
  const user = await createBenchUser(stack.status);
  await stream(stack, user);
  const pid = await functionsPid(stack);
  const before = await cpuMilliseconds(pid);
  const turns = 10;
  for (let turn = 0; turn < turns; turn += 1) await stream(stack, user);
  const spent = (await cpuMilliseconds(pid) - before) / turns;
  return [
    measure(`CPU of a turn of ${LONG_REPLY_WORDS} tokens, in the function`, spent, {
      format: milliseconds,
    }),
  ];
}

async function measureStartTurn(stack: BenchStack): Promise<Measure[]> {
  const users = await Promise.all(Array.from({ length: 20 }, () => createBenchUser(stack.status)));
  const pool = new pg.Pool({ connectionString: stack.status.DB_URL, max: 20 });
  try {
    const many = await startTurns(pool, users.map((user) => user.sessionId));
    const hot = await sessionsOfOneUser(pool, users[0]?.sessionId ?? "");
    const one = await startTurns(pool, hot);
    return [
      ...describe("20 users", many),
      ...describe("one user in 20 sessions", one),
    ];
  } finally {
    await pool.end();
  }
}

async function sessionsOfOneUser(pool: pg.Pool, sessionId: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `insert into public.chat_sessions (user_id, assistant_slug)
     select s.user_id, 'coach' from public.chat_sessions s, generate_series(1, 20) where s.id = $1 returning id`,
    [sessionId],
  );
  return rows.map(({ id }) => id);
}

async function startTurns(pool: pg.Pool, sessions: string[]): Promise<number[]> {
  const until = performance.now() + START_SECONDS * 1000;
  const times = sessions.map(async (sessionId) => {
    const own: number[] = [];
    while (performance.now() < until) {
      const startedAt = performance.now();
      await pool.query(
        `with started as (
           select public.start_turn(
             p.auth_id, s.id, gen_random_uuid()::text, 'Hello', '[{"type": "text", "text": "Hello"}]'
           ) as turn
           from public.chat_sessions s join public.profiles p on p.id = s.user_id where s.id = $1
         )
         select public.settle_turn((turn ->> 'turn_id')::uuid, 'stopped', '{}') from started`,
        [sessionId],
      );
      own.push(performance.now() - startedAt);
    }
    return own;
  });
  return (await Promise.all(times)).flat();
}

function describe(who: string, times: number[]): Measure[] {
  return [
    measure(`turns begun and settled a second, ${who}`, times.length / START_SECONDS, {
      format: (value) => value.toFixed(0),
    }),
    measure("  p95 of one", quantile(times, 0.95), { format: milliseconds }),
  ];
}

async function functionsPid(stack: BenchStack): Promise<number> {
  const port = new URL(stack.status.API_URL).port;
  const { stdout } = await execa("pgrep", ["-f", "functions-server"]);
  for (const pid of stdout.split("\n").map(Number)) {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (environment.includes(`SUPABASE_URL=http://127.0.0.1:${port}`)) return pid;
  }
  throw new Error("the functions do not run");
}

async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(status.match(/VmRSS:\s+(\d+)/)?.[1]) / 1024;
}

/** Returns the user and system time of a process; the kernel counts in hundredths of a second. */
async function cpuMilliseconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
