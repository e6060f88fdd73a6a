import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProgressReporter } from "../../../functions/_shared/turn/report-progress.ts";
import type { TurnNews } from "../../../functions/_shared/turn/turn-database.ts";
import type { TurnPorts } from "../../../functions/_shared/turn/turn-ports.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A database that records each report, and can be down. */
class FakeDatabase {
  isDown = false;
  reports: string[][] = [];
  active = new Map<string, boolean>();

  reportProgress = (turnIds: string[]) => {
    if (this.isDown) return Promise.reject(new Error("down"));
    this.reports.push(turnIds);
    return Promise.resolve(this.active);
  };
}

function setUp() {
  const db = new FakeDatabase();
  const log = { info() {}, warn() {}, error() {} };
  // Only the services that a report uses exist.
  const ports = { db, log } as unknown as TurnPorts;
  const reporter = new ProgressReporter();
  const news: [string, TurnNews][] = [];
  const note = (id: string) => reporter.note(ports, id, (told) => news.push([id, told]));
  return { db, news, note };
}

test("all turns are reported in one call, at most every ten seconds, and only while they make progress", async () => {
  const { db, note } = setUp();
  for (let second = 0; second < 30; second += 1) {
    note("one");
    note("two");
    await vi.advanceTimersByTimeAsync(1_000);
  }
  await vi.advanceTimersByTimeAsync(60_000);

  expect(db.reports.map((ids) => ids.toSorted())).toEqual([["one", "two"], ["one", "two"]]);
});

test("each turn hears whether it is active and whether it is to be stopped", async () => {
  const { db, note, news } = setUp();
  db.active = new Map([["one", false], ["two", true]]);
  note("two");
  note("three");
  await vi.advanceTimersByTimeAsync(10_000);
  note("one");
  await vi.advanceTimersByTimeAsync(0);

  expect(new Map(news)).toEqual(
    new Map([
      ["one", { isActive: true, isStopRequested: false }],
      ["two", { isActive: true, isStopRequested: true }],
      ["three", { isActive: false, isStopRequested: false }],
    ]),
  );
});

test("after a failed report the next one follows as usual", async () => {
  const { db, note } = setUp();
  db.isDown = true;
  await vi.advanceTimersByTimeAsync(10_000);
  note("one");
  await vi.advanceTimersByTimeAsync(10_000);
  db.isDown = false;
  note("one");
  await vi.advanceTimersByTimeAsync(0);

  expect(db.reports).toEqual([["one"]]);
});
