import { readFile } from "node:fs/promises";
import pRetry from "p-retry";
import pg from "pg";
import { findDescendant, peakExtraMemory } from "../tests/helpers/process-memory.ts";
import { send, type Side, startStackWithBare } from "./bare.ts";
import { compareRounds, type Measure, measure, milliseconds, quantile } from "./report.ts";
import { type BenchStack, type BenchUser, createBenchUser } from "./stack.ts";

const STREAMS = 200;
const WORDS = 40;
const MEMORY_ROUNDS = 3;
const LONG_REPLY_WORDS = 1_000;
const CPU_ROUNDS = 5;
/** The turns of one side in a round. */
const TURNS = 10;
const START_SECONDS = 4;

/**
 * Measures many streams at once and the CPU time of a long reply, both against a bare function, and the turns that the
 * database can start.
 */
export async function measureTurns(): Promise<Measure[]> {
  await using parts = new AsyncDisposableStack();
  const stack = await startStackWithBare(parts);
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

async function reply(side: Side, stack: BenchStack, user: BenchUser): Promise<string> {
  return await (await send(side, stack, user)).text();
}

/** Measures both sides in turn, each time in a new process, because a process keeps the memory that it had. */
async function measureManyStreams(stack: BenchStack): Promise<Measure[]> {
  const words = Array.from({ length: WORDS }, (_, index) => `word${index}`).join(" ");
  await behave(stack, { reply: words, tokens_per_second: 10 });
  const users: BenchUser[] = [];
  for (let batch = 0; batch < STREAMS; batch += 20) {
    users.push(
      ...await Promise.all(Array.from({ length: 20 }, () => createBenchUser(stack.status))),
    );
  }
  const rounds: Record<Side, StreamsRound[]> = { chat: [], bare: [] };
  for (let round = 0; round < MEMORY_ROUNDS; round += 1) {
    for (const side of ["bare", "chat"] as const) {
      await restartFunctions(stack);
      rounds[side].push(await runStreams(side, stack, users));
    }
  }
  const of = (side: Side, field: keyof StreamsRound) => rounds[side].map((each) => [each[field]]);
  return [
    measure(`${STREAMS} streams at once: dropped`, quantile(of("chat", "dropped").flat(), 1), {
      target: { most: 0 },
    }),
    compareRounds(
      "  memory a stream : bare function",
      of("chat", "kilobytes"),
      of("bare", "kilobytes"),
      {
        format: (value) => `${value.toFixed(0)} KB`,
        target: { most: 1.5 },
      },
    ),
    compareRounds("  added time a chunk : bare function", of("chat", "delay"), of("bare", "delay")),
  ];
}

/** What one run of all streams gave. */
interface StreamsRound {
  dropped: number;
  /** The memory that the functions took at most during the run, beyond that before it, by stream. */
  kilobytes: number;
  /** The milliseconds that a chunk came later than the provider writes it. */
  delay: number;
}

async function runStreams(
  side: Side,
  stack: BenchStack,
  users: BenchUser[],
): Promise<StreamsRound> {
  const [first] = users;
  // Loads what the function loads with its first request.
  if (first) await reply(side, stack, first);
  let replies: string[] = [];
  const startedAt = performance.now();
  const bytes = await peakExtraMemory(await functionsPid(stack), async () => {
    // A refused message counts as dropped.
    replies = await Promise.all(users.map((user) => reply(side, stack, user).catch(String)));
  });
  const ideal = (WORDS / 10) * 1000;
  const whole = replies.filter((text) =>
    ENDS[side].test(text) && text.includes(`word${WORDS - 1}"`)
  );
  return {
    dropped: STREAMS - whole.length,
    kilobytes: bytes / 1024 / STREAMS,
    delay: (performance.now() - startedAt - ideal) / WORDS,
  };
}

const ENDS: Record<Side, RegExp> = {
  chat: /"type":"finish"/,
  bare: /"type":"response.completed"/,
};

async function measureLongReply(stack: BenchStack): Promise<Measure[]> {
  await behave(stack, { reply: Array(LONG_REPLY_WORDS).fill("word").join(" ") });
  const user = await createBenchUser(stack.status);
  const pid = await functionsPid(stack);
  const rounds: Record<Side, number[][]> = { chat: [], bare: [] };
  for (let round = 0; round <= CPU_ROUNDS; round += 1) {
    for (const side of ["bare", "chat"] as const) {
      const before = await cpuMilliseconds(pid);
      for (let turn = 0; turn < TURNS; turn += 1) await reply(side, stack, user);
      const spent = (await cpuMilliseconds(pid) - before) / TURNS;
      // The first round warms up.
      if (round > 0) rounds[side].push([spent]);
    }
  }
  return [
    compareRounds(
      `CPU of a turn of ${LONG_REPLY_WORDS} tokens : bare function`,
      rounds.chat,
      rounds.bare,
      { target: { most: 2 } },
    ),
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
      await runTurn(pool, sessionId);
      own.push(performance.now() - startedAt);
    }
    return own;
  });
  return (await Promise.all(times)).flat();
}

/** Starts a turn and settles it, without the provider. */
export async function runTurn(
  database: pg.Pool | pg.Client,
  sessionId: string,
): Promise<void> {
  await database.query(
    `with started as (
       select public.start_turn(
         p.auth_id, s.id, gen_random_uuid()::text, 'Hello', '[{"type": "text", "text": "Hello"}]'
       ) as turn
       from public.chat_sessions s join public.profiles p on p.id = s.user_id where s.id = $1
     )
     select public.settle_turn((turn ->> 'turn_id')::uuid, 'stopped', '{}') from started`,
    [sessionId],
  );
}

function describe(who: string, times: number[]): Measure[] {
  return [
    measure(`turns begun and settled a second, ${who}`, times.length / START_SECONDS, {
      format: (value) => value.toFixed(0),
    }),
    measure("  p95 of one", quantile(times, 0.95), { format: milliseconds }),
  ];
}

function functionsPid({ pid }: BenchStack): Promise<number> {
  return findDescendant(pid, "functions-server");
}

/** Ends the process of the functions. Resolves when the stack has started it again. */
async function restartFunctions(stack: BenchStack): Promise<void> {
  process.kill(await functionsPid(stack), "SIGKILL");
  await pRetry(async () => {
    const { ok } = await fetch(`${stack.status.FUNCTIONS_URL}/health`);
    if (!ok) throw new Error("the functions do not run yet");
  }, { retries: 100, minTimeout: 200, factor: 1 });
}

/** Returns the user and system time of a process; the kernel counts in hundredths of a second. */
async function cpuMilliseconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
