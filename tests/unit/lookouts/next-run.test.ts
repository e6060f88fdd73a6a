import { describe, expect, test } from "vitest";
import { isTimezone, isTooFrequent, nextRun } from "../../../functions/lookouts/next-run.ts";

const CHANGES = {
  newYork: "America/New_York",
  london: "Europe/London",
  // Its clock changes by half an hour.
  lordHowe: "Australia/Lord_Howe",
  // Its clock changes at midnight.
  santiago: "America/Santiago",
};

/** Returns the next runs of a pattern, as instants. */
function runs(cron_schedule: string, timezone: string, after: string, count: number): string[] {
  const found: string[] = [];
  let at = new Date(after);
  while (found.length < count) {
    const next = nextRun({ cron_schedule, timezone }, at);
    if (!next) break;
    found.push(next.toISOString().slice(0, 16));
    at = next;
  }
  return found;
}

type Row = [zone: string, pattern: string, after: string, runs: string[]];

describe("a time of day stays the same across changes of the clock", () => {
  test.for<Row>([
    [CHANGES.newYork, "0 9 * * *", "2026-03-07T00:00Z", ["2026-03-07T14:00", "2026-03-08T13:00"]],
    [CHANGES.newYork, "0 9 * * *", "2026-10-31T00:00Z", ["2026-10-31T13:00", "2026-11-01T14:00"]],
    [CHANGES.newYork, "2026-03-08T09:00:00", "2026-01-01T00:00Z", ["2026-03-08T13:00"]],
    [CHANGES.newYork, "2026-11-01T09:00:00", "2026-01-01T00:00Z", ["2026-11-01T14:00"]],
    [CHANGES.london, "0 9 * * *", "2026-03-28T00:00Z", ["2026-03-28T09:00", "2026-03-29T08:00"]],
    [CHANGES.london, "0 9 * * *", "2026-10-24T00:00Z", ["2026-10-24T08:00", "2026-10-25T09:00"]],
    [CHANGES.lordHowe, "0 9 * * *", "2026-10-02T12:00Z", ["2026-10-02T22:30", "2026-10-03T22:00"]],
    [CHANGES.lordHowe, "0 9 * * *", "2026-04-03T12:00Z", ["2026-04-03T22:00", "2026-04-04T22:30"]],
    [CHANGES.santiago, "0 9 * * *", "2026-09-05T00:00Z", ["2026-09-05T13:00", "2026-09-06T12:00"]],
    [CHANGES.santiago, "0 9 * * *", "2026-04-04T00:00Z", ["2026-04-04T12:00", "2026-04-05T13:00"]],
  ])("%s %s after %s", ([zone, pattern, after, expected]) => {
    expect(runs(pattern, zone, after, expected.length)).toEqual(expected);
  });
});

describe("a time that the clock skips runs at the end of the gap", () => {
  test.for<Row>([
    // 02:00 to 03:00; 07:00Z is 03:00.
    [CHANGES.newYork, "30 2 * * *", "2026-03-08T05:00Z", ["2026-03-08T07:00", "2026-03-09T06:30"]],
    [CHANGES.newYork, "0 2 * * *", "2026-03-08T05:00Z", ["2026-03-08T07:00", "2026-03-09T06:00"]],
    [CHANGES.newYork, "0 3 * * *", "2026-03-08T05:00Z", ["2026-03-08T07:00", "2026-03-09T07:00"]],
    [CHANGES.newYork, "0,30 2 * * *", "2026-03-08T05:00Z", [
      "2026-03-08T07:00",
      "2026-03-09T06:00",
    ]],
    [CHANGES.newYork, "2026-03-08T02:30:00", "2026-01-01T00:00Z", ["2026-03-08T07:00"]],
    // 01:00 to 02:00.
    [CHANGES.london, "30 1 * * *", "2026-03-28T12:00Z", ["2026-03-29T01:00", "2026-03-30T00:30"]],
    [CHANGES.london, "2026-03-29T01:30:00", "2026-01-01T00:00Z", ["2026-03-29T01:00"]],
    // 02:00 to 02:30.
    [CHANGES.lordHowe, "15 2 * * *", "2026-10-03T12:00Z", ["2026-10-03T15:30", "2026-10-04T15:15"]],
    [CHANGES.lordHowe, "30 2 * * *", "2026-10-03T12:00Z", ["2026-10-03T15:30", "2026-10-04T15:30"]],
    [CHANGES.lordHowe, "2026-10-04T02:15:00", "2026-01-01T00:00Z", ["2026-10-03T15:30"]],
    // 00:00 to 01:00, and the day is still that day.
    [CHANGES.santiago, "30 0 * * *", "2026-09-05T12:00Z", ["2026-09-06T04:00", "2026-09-07T03:30"]],
    [CHANGES.santiago, "0 0 * * 0", "2026-09-05T12:00Z", ["2026-09-06T04:00", "2026-09-13T03:00"]],
    [CHANGES.santiago, "0 0 6 9 *", "2026-09-05T12:00Z", ["2026-09-06T04:00", "2027-09-06T03:00"]],
    [CHANGES.santiago, "2026-09-06T00:30:00", "2026-01-01T00:00Z", ["2026-09-06T04:00"]],
  ])("%s %s after %s", ([zone, pattern, after, expected]) => {
    expect(runs(pattern, zone, after, 2)).toEqual(expected);
  });
});

describe("a time that occurs twice runs once, the first time", () => {
  test.for<Row>([
    [CHANGES.newYork, "30 1 * * *", "2026-11-01T00:00Z", ["2026-11-01T05:30", "2026-11-02T06:30"]],
    [CHANGES.newYork, "30 0-1 * * *", "2026-11-01T05:00Z", [
      "2026-11-01T05:30",
      "2026-11-02T05:30",
    ]],
    [CHANGES.newYork, "2026-11-01T01:30:00", "2026-01-01T00:00Z", ["2026-11-01T05:30"]],
    [CHANGES.london, "30 1 * * *", "2026-10-24T12:00Z", ["2026-10-25T00:30", "2026-10-26T01:30"]],
    [CHANGES.london, "2026-10-25T01:30:00", "2026-01-01T00:00Z", ["2026-10-25T00:30"]],
    [CHANGES.lordHowe, "45 1 * * *", "2026-04-04T12:00Z", ["2026-04-04T14:45", "2026-04-05T15:15"]],
    [CHANGES.lordHowe, "2026-04-05T01:45:00", "2026-01-01T00:00Z", ["2026-04-04T14:45"]],
    [CHANGES.santiago, "30 23 * * *", "2026-04-04T12:00Z", [
      "2026-04-05T02:30",
      "2026-04-06T03:30",
    ]],
    [CHANGES.santiago, "30 23 * * 6", "2026-04-04T12:00Z", [
      "2026-04-05T02:30",
      "2026-04-12T03:30",
    ]],
    [CHANGES.santiago, "2026-04-04T23:30:00", "2026-01-01T00:00Z", ["2026-04-05T02:30"]],
  ])("%s %s after %s", ([zone, pattern, after, expected]) => {
    expect(runs(pattern, zone, after, 2)).toEqual(expected);
  });

  test("between both occurrences, the next run is on another day", () => {
    expect(runs("30 1 * * *", CHANGES.newYork, "2026-11-01T06:00Z", 1)).toEqual([
      "2026-11-02T06:30",
    ]);
  });
});

describe("a day that does not exist is skipped", () => {
  test.for<Row>([
    ["UTC", "0 9 31 * *", "2026-01-31T10:00Z", ["2026-03-31T09:00", "2026-05-31T09:00"]],
    ["UTC", "0 9 30 * *", "2026-01-31T10:00Z", ["2026-03-30T09:00", "2026-04-30T09:00"]],
    ["UTC", "0 9 29 * *", "2027-01-31T10:00Z", ["2027-03-29T09:00", "2027-04-29T09:00"]],
    ["UTC", "0 9 29 2 *", "2026-01-31T10:00Z", ["2028-02-29T09:00", "2032-02-29T09:00"]],
    ["UTC", "0 9 30 2 *", "2026-01-31T10:00Z", []],
    ["UTC", "2026-02-30T09:00:00", "2026-01-31T10:00Z", []],
  ])("%s %s after %s", ([zone, pattern, after, expected]) => {
    expect(runs(pattern, zone, after, 2)).toEqual(expected);
  });
});

test("every hour means every real hour", () => {
  expect(runs("0 * * * *", CHANGES.newYork, "2026-11-01T04:30Z", 3)).toEqual([
    "2026-11-01T05:00",
    "2026-11-01T06:00",
    "2026-11-01T07:00",
  ]);
});

test("an instant stays that instant, even if its local time occurs twice", () => {
  expect(runs("2026-11-01T06:30:00Z", CHANGES.newYork, "2026-01-01T00:00Z", 2)).toEqual([
    "2026-11-01T06:30",
  ]);
});

test("the next run is strictly after the given time", () => {
  expect(runs("0 9 * * *", "UTC", "2026-01-01T09:00:00.000Z", 1)).toEqual(["2026-01-02T09:00"]);
  expect(runs("0 9 * * *", "UTC", "2026-01-01T08:59:59.999Z", 1)).toEqual(["2026-01-01T09:00"]);
});

test("a schedule may run hourly, but not more often", () => {
  const at = new Date("2026-03-08T06:00Z");
  const isToo = (cron_schedule: string) =>
    isTooFrequent({ cron_schedule, timezone: "America/New_York" }, at);
  expect(["0 * * * *", "59 0,23 * * *", "30 2,3 * * *", "0 0 30 2 *"].map(isToo))
    .toEqual([false, false, false, false]);
  expect(["* * * * *", "*/30 * * * *", "0,59 9 * * *", "5,6 4 29 2 *"].map(isToo))
    .toEqual([true, true, true, true]);
});

test("timezones are names, not offsets", () => {
  expect(["Europe/London", "UTC", "America/Argentina/Buenos_Aires"].map(isTimezone))
    .toEqual([true, true, true]);
  expect(["Mars/Base", "+02:00", "-0200", "", "\0"].map(isTimezone))
    .toEqual([false, false, false, false, false]);
});
