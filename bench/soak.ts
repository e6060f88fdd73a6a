import os from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { describeBreaches, findBreaches, findOrphans } from "../tests/helpers/invariants.ts";
import { LoadUser, RequestError } from "../tests/helpers/load-user.ts";
import { type Action, actions, PACE, type Timer } from "../tests/helpers/scenario.ts";
import { CleanupReply } from "../types/api.ts";
import { describeCourse, type Sample, type Slack } from "./flatness.ts";
import { memoryByPart } from "./process-memory.ts";
import { type Measure, milliseconds, quantile } from "./report.ts";
import { type BenchStack, startBenchStack, temporaryState } from "./stack.ts";

/** How long and by how many a stack is used. */
export interface SoakOptions {
  users: number;
  minutes: number;
}

const SIGN_UPS_AT_ONCE = 10;
const SAMPLE_MS = 2_000;
/** People read and think between what they do. */
const SHORTEST_THOUGHT_MS = 1_000;
const LONGEST_THOUGHT_MS = 5_000;
/** Users begin within this time, so that they do not go in step. */
const RAMP_MS = 15_000;
/** Each user keeps so many sessions, so that what there is does not grow. */
const SESSIONS_KEPT = 2;
/** Every quarter of an hour in real life. */
const CLEANUP_EVERY_MS = 10_000;
const DRAIN_MS = 120_000;
/** Refusals that are documented for what the users do here. */
const REFUSALS = new Set(["turn_in_progress", "rate_limited"]);

const MIB = 1024 * 1024;
const PARTS = {
  gateway: /local\/main\.ts/,
  functions: /functions-server/,
  openai: /openai\/main/,
  stripe: /stripe\/main/,
  postgres: /postgres/,
};
/** Without a cap Node lets garbage lie for minutes, which looks like growth; with it a leak ends the process. */
const TIGHT_HEAP = { NODE_OPTIONS: "--max-old-space-size=160" };
const MEMORY_SLACK: Slack = { share: 0.1, amount: 10 * MIB };
const CONNECTIONS_SLACK: Slack = { share: 0, amount: 0 };

/** What users met. */
interface Experience {
  times: Map<string, number[]>;
  refusals: Map<string, number>;
  errors: Map<string, number>;
}

/** Many users for minutes: errors, times, memory and connections in the course of it, and what must hold in the end. */
export async function measureSoak({ users: count, minutes }: SoakOptions): Promise<Measure[]> {
  await using state = await temporaryState();
  await using stack = await startBenchStack(state.directory, TIGHT_HEAP);
  const database = new pg.Pool({ connectionString: stack.status.DB_URL, max: 2 });
  try {
    await setPace(stack);
    const users = await signUp(stack, count);
    const load = os.loadavg()[0] ?? NaN;
    const met: Experience = { times: new Map(), refusals: new Map(), errors: new Map() };
    const until = Date.now() + minutes * 60_000;
    const [samples] = await Promise.all([
      takeSamples(stack, database, until),
      cleanUpUntil(stack, until),
      ...users.map((user) => use(user, until, met)),
    ]);
    await drain(stack, database);
    const breaches = await findBreaches(database);
    const orphans = await findOrphans(database, stack.status.OPENAI_BASE_URL);
    const measures = [
      { name: "users, minutes", value: `${count}, ${minutes}` },
      { name: "load of the machine, before and at the end", value: describeLoad(load) },
      ...describeTimes(met, minutes),
      ...describeCourses(samples),
      { name: "documented refusals", value: describeCounts(met.refusals) },
      { name: "errors", value: describeCounts(met.errors) },
      {
        name: "invariants",
        value: breaches.length === 0 ? "all hold" : describeBreaches(breaches),
      },
      { name: "orphans at OpenAI", value: String(orphans.length) },
    ];
    if (breaches.length + orphans.length + met.errors.size > 0) process.exitCode = 1;
    return measures;
  } finally {
    await database.end();
  }
}

async function setPace({ status }: BenchStack): Promise<void> {
  const url = new URL("/_emulator/behaviour", status.OPENAI_BASE_URL);
  await fetch(url, { method: "PUT", body: JSON.stringify(PACE) });
}

async function signUp({ status }: BenchStack, count: number): Promise<LoadUser[]> {
  const users: LoadUser[] = [];
  while (users.length < count) {
    const batch = Math.min(SIGN_UPS_AT_ONCE, count - users.length);
    users.push(...await Promise.all(Array.from({ length: batch }, () => LoadUser.signUp(status))));
  }
  return users;
}

/** One user, until the time is up: everything that there is to do, in one session after the other. */
async function use(user: LoadUser, until: number, met: Experience): Promise<void> {
  const sessions: string[] = [];
  const time = timeInto(met.times);
  const names = Object.keys(actions) as Action[]; // Exactly its keys: it is a literal.
  await delay(Math.random() * RAMP_MS);
  while (Date.now() < until) {
    await attempt("sessions", met, async () => {
      sessions.push(await time("create session", () => user.createSession()));
      if (sessions.length <= SESSIONS_KEPT) return;
      const oldest = sessions.shift() ?? "";
      await time("delete session", () => user.deleteSession(oldest));
    });
    for (const name of names) {
      if (Date.now() >= until) return;
      const sessionId = sessions.at(-1) ?? "";
      await attempt(name, met, () => actions[name]({ user, sessionId, time }));
      await delay(SHORTEST_THOUGHT_MS + Math.random() * (LONGEST_THOUGHT_MS - SHORTEST_THOUGHT_MS));
    }
  }
}

async function attempt(name: string, met: Experience, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isRefusal = error instanceof RequestError && REFUSALS.has(error.code);
    const counts = isRefusal ? met.refusals : met.errors;
    const what = `${name}: ${error instanceof Error ? error.message : error}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
}

function timeInto(times: Experience["times"]): Timer {
  return async (name, work) => {
    const startedAt = performance.now();
    const result = await work();
    const own = times.get(name) ?? [];
    times.set(name, own);
    own.push(performance.now() - startedAt);
    return result;
  };
}

async function takeSamples(
  stack: BenchStack,
  database: pg.Pool,
  until: number,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  while (Date.now() < until) {
    const { rows: [row] } = await database.query<{ connections: number }>(
      "select count(*)::integer as connections from pg_stat_activity where backend_type = 'client backend'",
    );
    const memory = await memoryByPart(stack.pid, PARTS);
    samples.push({ ...memory, connections: row?.connections ?? NaN });
    await delay(SAMPLE_MS);
  }
  return samples;
}

async function cleanUpUntil(stack: BenchStack, until: number): Promise<void> {
  while (Date.now() < until) {
    await cleanUp(stack);
    await delay(CLEANUP_EVERY_MS);
  }
}

async function cleanUp({ status }: BenchStack): Promise<void> {
  const response = await fetch(`${status.FUNCTIONS_URL}/vector-store-cleanup`, {
    method: "POST",
    headers: { apikey: status.SECRET_KEY },
  });
  if (!response.ok) throw new Error(await response.text());
  CleanupReply.parse(await response.json());
}

/** Lets what has ended be settled, and the clean-up run until nothing is left for it. */
async function drain(stack: BenchStack, database: pg.Pool): Promise<void> {
  const until = Date.now() + DRAIN_MS;
  for (let left = Infinity; left > 0 && Date.now() < until;) {
    await cleanUp(stack);
    const { rows: [row] } = await database.query<{ left: number }>(
      `select (select count(*) from private.remote_deletions) + (
         select count(*) from public.chat_streams where status = 'active'
       ) + (select count(*) from public.chat_files where status in ('pending', 'indexing')) as left`,
    );
    left = Number(row?.left);
    if (left > 0) await delay(1_000);
  }
}

function describeLoad(before: number): string {
  const numbers = [before, os.loadavg()[0] ?? NaN].map((load) => load.toFixed(1)).join(" and ");
  return `${numbers}, on ${os.availableParallelism()} cores`;
}

function describeTimes({ times }: Experience, minutes: number): Measure[] {
  const total = [...times.values()].reduce((sum, own) => sum + own.length, 0);
  return [
    { name: "timed actions a second", value: (total / (minutes * 60)).toFixed(1) },
    ...[...times].map(([name, own]) => ({
      name: `  ${name}: p50, p95, p99 (of ${own.length})`,
      value: [0.5, 0.95, 0.99].map((share) => milliseconds(quantile(own, share))).join(", "),
    })),
  ];
}

function describeCourses(samples: Sample[]): Measure[] {
  const memory = Object.keys(PARTS).map((part) => {
    const { start, middle, end, isFlat } = describeCourse(samples, part, MEMORY_SLACK);
    const megabytes = [start, middle, end].map((bytes) => (bytes / MIB).toFixed(0)).join(", ");
    return {
      name: `memory of ${part}, start, middle and end`,
      value: `${megabytes} MiB: ${isFlat ? "flat" : "GROWS"}`,
    };
  });
  const { start, middle, end, isFlat } = describeCourse(samples, "connections", CONNECTIONS_SLACK);
  return [
    ...memory,
    {
      name: "database connections, start, middle and end",
      value: `${start}, ${middle}, ${end}: ${isFlat ? "flat" : "GROW"}`,
    },
    {
      name: "  flat",
      value:
        "median of the last fifth at most 10 % or 10 MiB above that of the second; no connection more",
    },
  ];
}

function describeCounts(counts: Map<string, number>): string {
  if (counts.size === 0) return "none";
  return [...counts].map(([what, count]) => `${count} × ${what}`).join("; ");
}
