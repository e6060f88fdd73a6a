import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runDueLookouts } from "../../../functions/lookouts/run-due-lookouts.ts";
import { FakeLookouts, portsWith } from "./fake-lookouts.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a call starts lookouts, eight at a time, until none is due", async () => {
  const lookouts = new FakeLookouts(24, 1_000);
  const reply = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(3_000);

  expect(await reply).toEqual({ claimed: 24, started: 0, failed: 0, skipped: 24, waiting: 0 });
  expect(lookouts.mostStarting).toBe(8);
});

test("a call leaves the rest to other calls after fifty runs", async () => {
  const lookouts = new FakeLookouts(1_000, 10);
  const reply = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(1_000);

  expect(await reply).toMatchObject({ claimed: 50 });
  expect(lookouts.due).toBe(950);
});

test("after 45 seconds a call claims no more runs", async () => {
  const lookouts = new FakeLookouts(1_000, 20_000);
  const reply = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(85_000);

  expect(await reply).toMatchObject({ claimed: 32, skipped: 32 });
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
  const reply = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(100);

  expect(await reply).toEqual({ claimed: 5, started: 0, failed: 0, skipped: 4, waiting: 1 });
});

test.each([
  ["behind", "2026-03-08T08:59:59.980Z"],
  ["ahead", "2026-03-08T09:00:03Z"],
])("with a clock that is %s, the next time is after the one that ran", async (_, now) => {
  vi.setSystemTime(now);
  const lookouts = new FakeLookouts(1, 10);
  const reply = runDueLookouts(portsWith(lookouts));
  await vi.advanceTimersByTimeAsync(10);
  await reply;

  expect(lookouts.nextRuns).toEqual([new Date("2026-03-09T09:00:00Z")]);
});
