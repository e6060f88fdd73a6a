import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { describeBreaches, findBreaches, findOrphans } from "../tests/helpers/invariants.ts";
import { LoadUser, RequestError } from "../tests/helpers/load-user.ts";
import { type Action, actions, PACE, type Timer } from "../tests/helpers/scenario.ts";
import { CleanupReply } from "../types/api.ts";
import { compareFifths, type Sample, type Slack } from "./flatness.ts";
import { memoryByPart, readShare } from "../tests/helpers/process-memory.ts";
import { compare, type Measure, measure, milliseconds, quantile, type Target } from "./report.ts";
import { type BenchStack, startBenchStack, temporaryState } from "./stack.ts";

/** The duration and the number of users. */
export interface SoakOptions {
  users: number;
  minutes: number;
}

const SIGN_UPS_AT_ONCE = 10;
const SAMPLE_MS = 2_000;
/** Users start at different times and pause between actions, so that they do not act in step. */
const PEOPLE: Habits = { rampMs: 15_000, shortestThoughtMs: 1_000, longestThoughtMs: 5_000 };
/** One user alone, before the others start; the baseline for the times of many users. */
const ALONE: Habits = { rampMs: 0, shortestThoughtMs: 0, longestThoughtMs: 0 };
const ALONE_MS = 30_000;
/** Each user keeps this many sessions, so that the amount of data stays the same. */
const SESSIONS_KEPT = 2;
/** Every 15 minutes in production. */
const CLEANUP_EVERY_MS = 10_000;
const DRAIN_MS = 120_000;
/** The documented refusals that these users may get. */
const REFUSALS = new Set(["turn_in_progress", "rate_limited"]);

const MIB = 1024 * 1024;
/** The Node processes, which can collect garbage on request. */
const NODE_PARTS = {
  gateway: /local\/main\.ts/,
  openai: /openai\/main/,
  stripe: /stripe\/main/,
};
const OTHER_PARTS = { functions: /functions-server/, postgres: /postgres/ };
/** A capped heap would be collected all the time: at 160 MB everything took ten times as long. */
const NODE_OPTIONS = `--expose-gc --import=${import.meta.resolve("./collect-garbage.ts")}`;
const MEMORY_SLACK: Slack = { share: 0.1, amount: 10 * MIB };
const CONNECTIONS_SLACK: Slack = { share: 0, amount: 0 };
const NONE = { most: 0 };

interface Habits {
  rampMs: number;
  shortestThoughtMs: number;
  longestThoughtMs: number;
}

/** The times and errors of the users. */
interface Experience {
  times: Map<string, number[]>;
  refusals: Map<string, number>;
  errors: Map<string, number>;
}

/** Measures many users for minutes: errors, times, memory, connections and, at the end, the invariants. */
export async function measureSoak({ users: count, minutes }: SoakOptions): Promise<Measure[]> {
  await using state = await temporaryState();
  await using held = await temporaryState();
  const env = { NODE_OPTIONS, BENCH_HELD: held.directory };
  await using stack = await startBenchStack(state.directory, env);
  const database = new pg.Pool({ connectionString: stack.status.DB_URL, max: 2 });
  try {
    await setPace(stack);
    const users = await signUp(stack, count);
    const load = os.loadavg()[0] ?? NaN;
    const alone = await useAll(users.slice(0, 1), Date.now() + ALONE_MS, ALONE);
    const until = Date.now() + minutes * 60_000;
    const [met, samples] = await Promise.all([
      useAll(users, until, PEOPLE),
      takeSamples(stack, database, held.directory, until),
      cleanUpUntil(stack, until),
    ]);
    await drain(stack, database);
    const breaches = await findBreaches(database);
    const orphans = await findOrphans(database, stack.status.OPENAI_BASE_URL);
    if (breaches.length + orphans.length + met.errors.size > 0) process.exitCode = 1;
    return [
      ...describeLoad(load),
      ...describeTimes(met, alone, count, minutes),
      ...describeCourses(samples),
      describeCounts("documented refusals", met.refusals),
      describeCounts("errors", met.errors, NONE),
      measure("broken invariants", breaches.length, {
        format: (broken) => broken === 0 ? "0" : describeBreaches(breaches),
        target: NONE,
      }),
      measure("orphans at OpenAI", orphans.length, { target: NONE }),
    ];
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

async function useAll(users: LoadUser[], until: number, habits: Habits): Promise<Experience> {
  const met: Experience = { times: new Map(), refusals: new Map(), errors: new Map() };
  await Promise.all(users.map((user) => use(user, until, habits, met)));
  return met;
}

/** Runs one user until the time is up: all actions, in one session after the other. */
async function use(
  user: LoadUser,
  until: number,
  { rampMs, shortestThoughtMs, longestThoughtMs }: Habits,
  met: Experience,
): Promise<void> {
  const sessions: string[] = [];
  const time = timeInto(met.times);
  const names = Object.keys(actions) as Action[]; // Exactly its keys: it is a literal.
  await delay(Math.random() * rampMs);
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
      await delay(shortestThoughtMs + Math.random() * (longestThoughtMs - shortestThoughtMs));
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
  heldDirectory: string,
  until: number,
): Promise<Sample[]> {
  const readHeld = async (pid: number) =>
    Number(await readFile(path.join(heldDirectory, String(pid)), "utf8").catch(() => NaN));
  const samples: Sample[] = [];
  while (Date.now() < until) {
    const { rows: [row] } = await database.query<{ connections: number }>(
      "select count(*)::integer as connections from pg_stat_activity where backend_type = 'client backend'",
    );
    const held = await memoryByPart(stack.pid, NODE_PARTS, readHeld);
    const others = await memoryByPart(stack.pid, OTHER_PARTS, readShare);
    samples.push({ ...held, ...others, connections: row?.connections ?? NaN });
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

/** Waits until everything has settled, and runs the clean-up until it has nothing left to do. */
async function drain(stack: BenchStack, database: pg.Pool): Promise<void> {
  const until = Date.now() + DRAIN_MS;
  for (let left = Infinity; left > 0 && Date.now() < until;) {
    await cleanUp(stack);
    const { rows: [row] } = await database.query<{ left: number }>(
      `select (select count(*) from private.remote_deletions) + (
         select count(*) from public.chat_turns where status = 'active'
       ) + (select count(*) from public.chat_files where status in ('pending', 'indexing')) as left`,
    );
    left = Number(row?.left);
    if (left > 0) await delay(1_000);
  }
}

function describeLoad(before: number): Measure[] {
  const format = (load: number) => load.toFixed(1);
  return [
    measure("load of the machine, before", before, { format }),
    measure("load of the machine, at the end", os.loadavg()[0] ?? NaN, { format }),
  ];
}

/** Compares the times of many users with those of one user alone. */
function describeTimes(
  { times }: Experience,
  alone: Experience,
  users: number,
  minutes: number,
): Measure[] {
  const total = [...times.values()].reduce((sum, own) => sum + own.length, 0);
  return [
    measure(`timed actions a second, ${users} users`, total / (minutes * 60), {
      format: (rate) => rate.toFixed(1),
    }),
    ...[...times].flatMap(([name, own]) => [
      compare(
        `${name}, p50 : one user alone`,
        quantile(own, 0.5),
        quantile(alone.times.get(name) ?? [], 0.5),
      ),
      ...[0.95, 0.99].map((share) =>
        measure(`  p${share * 100}`, quantile(own, share), { format: milliseconds })
      ),
    ]),
  ];
}

function describeCourses(samples: Sample[]): Measure[] {
  const valuesOf = (name: string) => samples.map((sample) => sample[name] ?? NaN);
  const mebibytes = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`;
  return [
    ...Object.keys(NODE_PARTS).map((part) =>
      compareFifths(`held by ${part}, collected`, valuesOf(part), MEMORY_SLACK, mebibytes)
    ),
    ...Object.keys(OTHER_PARTS).map((part) =>
      compareFifths(`memory of ${part}`, valuesOf(part), MEMORY_SLACK, mebibytes)
    ),
    compareFifths("database connections", valuesOf("connections"), CONNECTIONS_SLACK, String),
  ];
}

function describeCounts(name: string, counts: Map<string, number>, target?: Target): Measure {
  const list = [...counts].map(([what, count]) => `${count} × ${what}`).join("; ");
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return measure(name, total, { format: () => list || "0", target });
}
