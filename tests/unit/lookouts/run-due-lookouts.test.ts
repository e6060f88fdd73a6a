import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runDueLookouts } from "../../../functions/lookouts/run-due-lookouts.ts";
import { FakeLookouts, portsWith } from "./fake-lookouts.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a call runs lookouts, ten at a time, until none is due", async () => {
  const lookouts = new FakeLookouts(25, 1_000);
  const { reply } = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(3_000);

  expect(await reply).toEqual({ claimed: 25, complete: 25, failed: 0, skipped: 0, remaining: 0 });
  expect(lookouts.mostAtOnce).toBe(10);
});

test("after 45 seconds a call starts no more runs and reports how many are left", async () => {
  const lookouts = new FakeLookouts(1_000, 7_000);
  const { reply } = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(49_000);

  // Seven rounds of ten start within that time.
  expect(await reply).toMatchObject({ claimed: 70, complete: 70, remaining: 930 });
});

test("a call returns in time although runs continue, and these end later", async () => {
  const lookouts = new FakeLookouts(3, 200_000);
  const { reply, settled } = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(80_000);

  expect(await reply).toEqual({ claimed: 3, complete: 0, failed: 0, skipped: 0, remaining: 3 });
  await vi.advanceTimersByTimeAsync(120_000);
  await settled;
  expect(lookouts.ended).toBe(3);
});

test("a run that cannot be settled does not stop the others", async () => {
  const lookouts = new FakeLookouts(5, 10);
  const settle = lookouts.settle.bind(lookouts);
  let isFirst = true;
  lookouts.settle = (...run) => {
    if (!isFirst) return settle(...run);
    isFirst = false;
    return Promise.reject(new Error("the database does not answer"));
  };
  const { reply } = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(100);

  expect(await reply).toEqual({ claimed: 5, complete: 4, failed: 0, skipped: 0, remaining: 1 });
});

test.each([
  ["behind", "2026-03-08T08:59:59.980Z"],
  ["ahead", "2026-03-08T09:00:03Z"],
])("with a clock that is %s, the next time is after the one that ran", async (_, now) => {
  vi.setSystemTime(now);
  const lookouts = new FakeLookouts(1, 10);
  const { reply } = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(10);
  await reply;

  expect(lookouts.nextRuns).toEqual([new Date("2026-03-09T09:00:00Z")]);
});
