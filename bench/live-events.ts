import { EventEmitter, once } from "node:events";
import pg from "pg";
import { compareRounds, type Measure, measure, milliseconds, quantile } from "./report.ts";
import {
  type BenchStack,
  type BenchUser,
  createBenchUser,
  startBenchStack,
  temporaryState,
} from "./stack.ts";
import { runTurn } from "./turns.ts";

const WARM_UP = 20;
const SAMPLES = 500;
/** Other users who listen at the same time. */
const OTHERS = 50;
const ROUNDS = 11;
const TURNS_A_ROUND = 60;
/** The tables whose changes are announced. */
const ANNOUNCED = ["chat_sessions", "chat_messages", "chat_files", "profiles"];

/**
 * Measures how long a live event takes from the statement that changes a row to the client of the user, and what the
 * triggers cost a turn.
 */
export async function measureLiveEvents(): Promise<Measure[]> {
  await using state = await temporaryState();
  await using stack = await startBenchStack(state.directory);
  for (let other = 0; other < OTHERS; other += 1) {
    await listenTo(await createBenchUser(stack.status), new EventEmitter());
  }
  const user = await createBenchUser(stack.status);
  const heard = new EventEmitter();
  await listenTo(user, heard);
  const samples = await takeSamples(stack, user, heard);
  const options = { format: milliseconds };
  return [
    measure("commit to live event, p50", quantile(samples, 0.5), options),
    measure("commit to live event, p95", quantile(samples, 0.95), {
      ...options,
      target: { most: 150 },
    }),
    await compareTurns(stack, user),
  ];
}

/** Starts and settles turns with and without the triggers in turn. A turn announces four or five events. */
async function compareTurns({ status }: BenchStack, { sessionId }: BenchUser): Promise<Measure> {
  const database = new pg.Client(status.DB_URL);
  await database.connect();
  const rounds: Record<"with" | "without", number[][]> = { with: [], without: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of ["without", "with"] as const) {
      await switchTriggers(database, side === "with" ? "enable" : "disable");
      const samples: number[] = [];
      for (let turn = 0; turn < TURNS_A_ROUND; turn += 1) {
        const startedAt = performance.now();
        await runTurn(database, sessionId);
        samples.push(performance.now() - startedAt);
      }
      // The first round warms up.
      if (round > 0) rounds[side].push(samples);
    }
  }
  await database.end();
  return compareRounds(
    "start and settle a turn : without live events",
    rounds.with,
    rounds.without,
    { target: { most: 1.5 } },
  );
}

async function switchTriggers(database: pg.Client, verb: "enable" | "disable"): Promise<void> {
  const { rows } = await database.query<{ table: string; trigger: string }>(
    `select tgrelid::regclass::text as table, tgname as trigger from pg_trigger
     where tgname like '%announce%' and tgrelid = any ($1::regclass[])`,
    [ANNOUNCED.map((table) => `public.${table}`)],
  );
  for (const { table, trigger } of rows) {
    await database.query(`alter table ${table} ${verb} trigger ${trigger}`);
  }
}

/** Joins the channel of a user, and emits the name of each event. */
async function listenTo({ client }: BenchUser, heard: EventEmitter): Promise<void> {
  const { data: profile } = await client.from("profiles").select("id").single().throwOnError();
  await client.realtime.setAuth();
  await new Promise<void>((resolve, reject) => {
    client.channel(`user:${profile.id}`, { config: { private: true } })
      .on("broadcast", { event: "*" }, ({ event }) => heard.emit(event))
      .subscribe((status, error) => status === "SUBSCRIBED" ? resolve() : reject(error));
  });
}

/** Each sample begins before the statement is sent, which commits by itself. */
async function takeSamples(
  { status }: BenchStack,
  { sessionId }: BenchUser,
  heard: EventEmitter,
): Promise<number[]> {
  const database = new pg.Client(status.DB_URL);
  await database.connect();
  const samples: number[] = [];
  for (let sample = -WARM_UP; sample < SAMPLES; sample += 1) {
    const event = once(heard, "title_changed");
    const startedAt = performance.now();
    await database.query("update public.chat_sessions set title = $1 where id = $2", [
      `Title ${sample}`,
      sessionId,
    ]);
    await event;
    if (sample >= 0) samples.push(performance.now() - startedAt);
  }
  await database.end();
  return samples;
}
