import { EventEmitter, once } from "node:events";
import pg from "pg";
import { type Measure, measure, milliseconds, quantile } from "./report.ts";
import {
  type BenchStack,
  type BenchUser,
  createBenchUser,
  startBenchStack,
  temporaryState,
} from "./stack.ts";

const WARM_UP = 20;
const SAMPLES = 500;
/** Other users who listen at the same time. */
const OTHERS = 50;

/** Measures how long a live event takes from the statement that changes a row to the client of the user. */
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
  ];
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
