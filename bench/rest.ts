import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { compare, type Measure, measure, milliseconds, quantile } from "./report.ts";
import {
  type BenchStack,
  type BenchUser,
  createBenchUser,
  startBenchStack,
  temporaryState,
} from "./stack.ts";

const USERS = 50;
const SECONDS = 10;

/**
 * Measures REST reads of 50 users at once, with every body checked, and the memory of each process before and
 * under that load.
 */
export async function measureRest(): Promise<Measure[]> {
  await using state = await temporaryState();
  await using stack = await startBenchStack(state.directory);
  const users = await Promise.all(
    Array.from({ length: USERS }, () => createBenchUser(stack.status)),
  );
  const idle = await memory(stack);
  const until = performance.now() + SECONDS * 1000;
  const reading = users.map((user) => readUntil(user, until));
  const busy = await memoryAfter(stack, (SECONDS * 1000) / 2);
  const times = (await Promise.all(reading)).flat();
  return [
    measure(`REST reads per second, ${USERS} users`, times.length / SECONDS, {
      format: (value) => value.toFixed(0),
    }),
    ...[0.5, 0.99].map((share) =>
      measure(`  p${share * 100}`, quantile(times, share), { format: milliseconds })
    ),
    ...Object.entries(idle).map(([part, megabytes]) =>
      compare(`memory of ${part}, loaded : idle`, busy[part] ?? NaN, megabytes, {
        format: (value) => `${value} MB`,
      })
    ),
  ];
}

async function readUntil(user: BenchUser, until: number): Promise<number[]> {
  const times: number[] = [];
  while (performance.now() < until) {
    const startedAt = performance.now();
    const { data, error } = await user.client.from("chat_sessions").select("id, title, updated_at")
      .order("updated_at", { ascending: false }).limit(50);
    times.push(performance.now() - startedAt);
    if (error || data.length !== 1 || data[0]?.id !== user.sessionId) {
      throw new Error(`a user read another list than their own: ${JSON.stringify(error ?? data)}`);
    }
  }
  return times;
}

async function memoryAfter(stack: BenchStack, ms: number): Promise<Record<string, number>> {
  await delay(ms);
  return await memory(stack);
}

const PARTS = {
  gateway: /local\/main\.ts/,
  functions: /functions-server/,
  openai: /openai\/main/,
  postgres: /postgres/,
};

/**
 * Returns the resident megabytes of the stack's processes. Those of Postgres are added up, so shared memory
 * counts several times.
 */
async function memory(stack: BenchStack): Promise<Record<string, number>> {
  const { stdout } = await execa("ps", ["-eo", "pid=,ppid=,rss=,args="]);
  const processes = stdout.split("\n").map((line) => {
    const [, pid, parent, kilobytes, args = ""] = line.match(/^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/) ??
      [];
    return { pid: Number(pid), parent: Number(parent), kilobytes: Number(kilobytes), args };
  });
  const family = new Set([stack.pid]);
  // Parents are usually, but not always, listed before their children.
  for (let size = 0; size < family.size;) {
    size = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  const own = processes.filter(({ pid }) => pid !== stack.pid && family.has(pid));
  return Object.fromEntries(
    Object.entries(PARTS).map(([part, pattern]) => {
      const kilobytes = own.filter(({ args }) => pattern.test(args)).reduce(
        (sum, each) => sum + each.kilobytes,
        0,
      );
      return [part, Math.round(kilobytes / 1024)];
    }),
  );
}
