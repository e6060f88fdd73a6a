import { afterEach, beforeEach, expect, test, vi } from "vitest";
import OpenAI from "openai";
import type { LookoutRunReply } from "../../../types/api.ts";
import type { LookoutDatabase } from "../../../functions/lookouts/lookout-database.ts";
import { runDueLookouts } from "../../../functions/lookouts/run-due-lookouts.ts";
import type { RunPorts } from "../../../functions/lookouts/run-lookout.ts";
import type { TurnDatabase } from "../../../functions/_shared/turn/turn-database.ts";
import { pause } from "../../../functions/_shared/turn/retry-once.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function unused(): never {
  throw new Error("not part of this");
}

/** Lookouts that are due, each of whose runs ends after so many milliseconds. */
class FakeLookouts implements LookoutDatabase {
  due: number;
  readonly runMs: number;
  going = 0;
  mostAtOnce = 0;
  ended = 0;
  create = unused;
  update = unused;
  remove = unused;
  runNow = unused;
  defer = unused;
  findRun = unused;

  constructor(due: number, runMs: number) {
    this.due = due;
    this.runMs = runMs;
  }

  claimDue(limit: number) {
    const taken = Math.min(limit, this.due);
    this.due -= taken;
    this.going += taken;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.going);
    const run = {
      run_id: "run",
      lookout_id: "lookout",
      cron_schedule: "0 9 * * *",
      timezone: "UTC",
    };
    return Promise.resolve(Array.from({ length: taken }, () => run));
  }

  countDue = () => Promise.resolve(this.due + this.going);

  async start(): Promise<null> {
    await pause(this.runMs);
    return null;
  }

  finish(): Promise<LookoutRunReply> {
    this.going -= 1;
    this.ended += 1;
    return Promise.resolve({
      id: "run",
      lookout_id: "lookout",
      user_id: "user",
      scheduled_at: "",
      status: "complete",
      session_id: null,
      error: null,
      attempts: 1,
      started_at: "",
      turn_started_at: null,
      finished_at: "",
    });
  }
}

function portsWith(lookouts: LookoutDatabase): RunPorts {
  return {
    lookouts,
    now: () => new Date(),
    db: new Proxy({} as TurnDatabase, { get: unused }),
    openai: new OpenAI({ apiKey: "none", dangerouslyAllowBrowser: true }),
    stores: { open: unused, expire: unused },
    log: { info() {}, warn() {}, error() {} },
  };
}

test("it goes on until nothing is due, some at a time", async () => {
  const lookouts = new FakeLookouts(25, 1_000);
  const { reply } = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(3_000);

  expect(await reply).toEqual({ claimed: 25, complete: 25, failed: 0, skipped: 0, remaining: 0 });
  expect(lookouts.mostAtOnce).toBe(10);
});

test("after 45 seconds it begins no more, and says what is left", async () => {
  const lookouts = new FakeLookouts(1_000, 7_000);
  const { reply } = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(49_000);

  // Seven rounds of ten begin in that time.
  expect(await reply).toMatchObject({ claimed: 70, complete: 70, remaining: 930 });
});

test("it answers in time whatever still goes on, and that goes on", async () => {
  const lookouts = new FakeLookouts(3, 200_000);
  const { reply, settled } = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(80_000);

  expect(await reply).toEqual({ claimed: 3, complete: 0, failed: 0, skipped: 0, remaining: 3 });
  await vi.advanceTimersByTimeAsync(120_000);
  await settled;
  expect(lookouts.ended).toBe(3);
});

test("a run whose end cannot be written hinders no other", async () => {
  const lookouts = new FakeLookouts(5, 10);
  const finish = lookouts.finish.bind(lookouts);
  let isFirst = true;
  lookouts.finish = () => {
    if (!isFirst) return finish();
    isFirst = false;
    return Promise.reject(new Error("the database does not answer"));
  };
  const { reply } = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(100);

  expect(await reply).toEqual({ claimed: 5, complete: 4, failed: 0, skipped: 0, remaining: 1 });
});
