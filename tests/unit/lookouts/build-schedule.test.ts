import { describe, expect, test } from "vitest";
import { AppError } from "../../../functions/_shared/http/errors.ts";
import {
  buildSchedule,
  firstRun,
  type ScheduleRequest,
  type StoredSchedule,
} from "../../../functions/lookouts/build-schedule.ts";

// A Friday; in Auckland it is already Saturday.
const now = new Date("2026-11-20T13:00:00Z");
const timezone = "America/New_York";

function schedule(request: ScheduleRequest, stored?: StoredSchedule) {
  const built = buildSchedule({ ...(!stored && { timezone }), ...request }, now, stored);
  return [built.cron_schedule, firstRun(built, now).toISOString().slice(0, 16)];
}

function refusedField(request: ScheduleRequest, stored?: StoredSchedule): unknown {
  try {
    schedule(request, stored);
  } catch (error) {
    if (error instanceof AppError && error.code === "invalid_schedule") return error.details?.field;
    throw error;
  }
  return "none";
}

test.for<[ScheduleRequest, string, string]>([
  [
    { frequency: "once", date: "2026-11-21", time: "09:00" },
    "2026-11-21T09:00:00",
    "2026-11-21T14:00",
  ],
  [
    { frequency: "once", run_at: "2026-11-21T09:00:00+01:00" },
    "2026-11-21T08:00:00Z",
    "2026-11-21T08:00",
  ],
  [{ frequency: "daily", time: "09:05" }, "5 9 * * *", "2026-11-20T14:05"],
  [{ frequency: "weekly", time: "07:00" }, "0 7 * * 5", "2026-11-27T12:00"],
  [{ frequency: "weekly", time: "09:00", date: "2026-11-22" }, "0 9 * * 0", "2026-11-22T14:00"],
  [{ frequency: "monthly", time: "09:00", date: "2026-01-31" }, "0 9 31 * *", "2026-12-31T14:00"],
  [{ frequency: "yearly", time: "09:00", date: "2028-02-29" }, "0 9 29 2 *", "2028-02-29T14:00"],
  [
    { frequency: "cron", cron_schedule: " 30  8 * *  MON-FRI " },
    "30 8 * * MON-FRI",
    "2026-11-20T13:30",
  ],
  [
    { frequency: "weekly", time: "09:00", timezone: "Pacific/Auckland" },
    "0 9 * * 6",
    "2026-11-20T20:00",
  ],
])("%j becomes %s", ([request, pattern, first]) => {
  expect(schedule(request)).toEqual([pattern, first]);
});

describe("an edit keeps the fields it does not name", () => {
  const weekly: StoredSchedule = { frequency: "weekly", timezone, cron_schedule: "0 9 * * 0" };
  const once: StoredSchedule = {
    frequency: "once",
    timezone,
    cron_schedule: "2026-11-21T09:00:00",
  };

  test.for<[StoredSchedule, ScheduleRequest, string]>([
    [weekly, { time: "10:30" }, "30 10 * * 0"],
    [weekly, { date: "2026-11-23" }, "0 9 * * 1"],
    [weekly, { timezone: "UTC" }, "0 9 * * 0"],
    [weekly, { frequency: "monthly", time: "10:00" }, "0 10 20 * *"],
    [once, { time: "10:30" }, "2026-11-21T10:30:00"],
    [once, { date: "2026-11-22" }, "2026-11-22T09:00:00"],
  ])("%j and %j", ([stored, request, pattern]) => {
    expect(schedule(request, stored)[0]).toBe(pattern);
  });

  test("another frequency needs its own time", () => {
    expect(refusedField({ frequency: "daily" }, weekly)).toBe("time");
  });
});

test.for<[ScheduleRequest, string]>([
  [{ frequency: "daily" }, "time"],
  [{ frequency: "once", date: "2026-11-21" }, "time"],
  [{ frequency: "once", time: "09:00" }, "date"],
  [{ frequency: "once", date: "2026-11-20", time: "07:59" }, "date"],
  [{ frequency: "once", date: "2027-02-30", time: "09:00" }, "date"],
  [{ frequency: "once", run_at: "2026-11-20T12:59:59Z" }, "run_at"],
  [{ frequency: "once", run_at: "2026-11-21T09:00:00Z", time: "09:00" }, "run_at"],
  [{ frequency: "once", run_at: "9999-12-31T23:59:59-12:00" }, "run_at"],
  [{ frequency: "once", date: "9999-12-31", time: "23:00" }, "date"],
  [{ frequency: "daily", time: "09:00", timezone: "Mars/Base" }, "timezone"],
  [{ frequency: "daily", time: "09:00", date: "2026-11-21" }, "date"],
  [{ frequency: "daily", time: "09:00", cron_schedule: "0 9 * * *" }, "cron_schedule"],
  [{ frequency: "daily", time: "09:00", run_at: "2026-11-21T09:00:00Z" }, "run_at"],
  [{ frequency: "monthly", time: "09:00", date: "2026-02-30" }, "date"],
  [{ frequency: "yearly", time: "09:00", date: "2026-13-01" }, "date"],
  [{ frequency: "cron" }, "cron_schedule"],
  [{ frequency: "cron", cron_schedule: "0 9 * * *", time: "09:00" }, "time"],
  [{ frequency: "cron", cron_schedule: "0 9 * *" }, "cron_schedule"],
  [{ frequency: "cron", cron_schedule: "0 0 9 * * *" }, "cron_schedule"],
  [{ frequency: "cron", cron_schedule: "? 9 * * *" }, "cron_schedule"],
  [{ frequency: "cron", cron_schedule: "61 9 * * *" }, "cron_schedule"],
  [{ frequency: "cron", cron_schedule: "0 9 30 2 *" }, "cron_schedule"],
  [{ frequency: "cron", cron_schedule: "*/5 * * * *" }, "cron_schedule"],
  [{ frequency: "cron", cron_schedule: "@daily" }, "cron_schedule"],
  [{}, "frequency"],
])("%j is refused with the field %s", ([request, field]) => {
  expect(refusedField(request)).toBe(field);
});
