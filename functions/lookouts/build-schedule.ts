import type { LookoutChange, LookoutRequest } from "../../types/api.ts";
import { nameField } from "../../types/describe-issue.ts";
import { AppError } from "../_shared/http/errors.ts";
import { isTimezone, isTooFrequent, nextRun, type Schedule } from "./next-run.ts";

/** The columns of a lookout that say when it runs. */
export interface StoredSchedule extends Schedule {
  frequency: LookoutRequest["frequency"];
}

/** The fields of a request that say when a lookout runs. */
export type ScheduleRequest = Pick<
  LookoutChange,
  "frequency" | "timezone" | "time" | "date" | "run_at" | "cron_schedule"
>;

type ScheduleField = keyof ScheduleRequest;

/** Later times have no four-digit year, and JavaScript writes them in another form. */
const LAST_RUN = new Date("9999-12-31T23:59:59Z");
const TOO_LATE = "must be before the year 10000";

/** Returns true if a request changes when a lookout runs. */
export function hasSchedule(request: ScheduleRequest): boolean {
  const { frequency, timezone, time, date, run_at, cron_schedule } = request;
  return [frequency, timezone, time, date, run_at, cron_schedule].some((field) =>
    field !== undefined
  );
}

/**
 * Returns the schedule that a request asks for. Missing fields keep their stored values if the frequency stays the
 * same. Throws `invalid_schedule`, which names the field.
 */
export function buildSchedule(
  request: ScheduleRequest,
  now: Date,
  stored?: StoredSchedule,
): StoredSchedule {
  const frequency = request.frequency ?? stored?.frequency;
  if (!frequency) throw wrong("frequency", "is missing");
  const timezone = request.timezone ?? stored?.timezone ?? "";
  if (!isTimezone(timezone)) throw wrong("timezone", "must be an IANA name, such as Europe/London");
  refuseSurplus(request, frequency);
  const before = stored?.frequency === frequency ? stored.cron_schedule : undefined;
  const cron_schedule = frequency === "cron"
    ? readCron(request.cron_schedule ?? before)
    : frequency === "once"
    ? writeOnce(request, before)
    : writeRepeating(frequency, request, { timezone, now, before });
  const schedule = { frequency, timezone, cron_schedule };
  if (frequency === "cron" && isTooFrequent(checked(schedule, now), now)) {
    throw wrong("cron_schedule", "must not run more often than once an hour");
  }
  return schedule;
}

/** Returns the first run after now. Throws `invalid_schedule` when there is none. */
export function firstRun(schedule: StoredSchedule, now: Date): Date {
  const next = nextRun(checked(schedule, now), now);
  if (next && next <= LAST_RUN) return next;
  if (schedule.frequency !== "once") {
    throw wrong(patternField(schedule), "never comes: choose another");
  }
  const field = schedule.cron_schedule.endsWith("Z") ? "run_at" : "date";
  throw wrong(field, next ? TOO_LATE : "must be in the future");
}

function checked(schedule: StoredSchedule, now: Date): StoredSchedule {
  try {
    nextRun(schedule, now);
    return schedule;
  } catch (cause) {
    throw wrong(patternField(schedule), "is not valid", cause);
  }
}

function patternField({ frequency }: StoredSchedule): ScheduleField {
  return frequency === "cron" ? "cron_schedule" : "date";
}

/** Throws `invalid_schedule` for a field that the frequency would ignore. */
function refuseSurplus(request: ScheduleRequest, frequency: StoredSchedule["frequency"]): void {
  const { time, date, run_at, cron_schedule } = request;
  if (cron_schedule !== undefined && frequency !== "cron") {
    throw wrong("cron_schedule", "is only allowed with the frequency cron");
  }
  if (run_at !== undefined && frequency !== "once") {
    throw wrong("run_at", "is only allowed with the frequency once");
  }
  if (frequency === "cron" && time !== undefined) {
    throw wrong("time", "is not allowed with the frequency cron");
  }
  if ((frequency === "cron" || frequency === "daily") && date !== undefined) {
    throw wrong("date", `is not allowed with the frequency ${frequency}`);
  }
  if (run_at !== undefined && (time ?? date) !== undefined) {
    throw wrong("run_at", "replaces date and time: send one or the other");
  }
}

function readCron(pattern: string | undefined): string {
  const fields = pattern?.trim().split(/\s+/) ?? [];
  // croner replaces ? by the time at which it reads the pattern.
  if (fields.length === 5 && !fields.some((field) => field.includes("?"))) return fields.join(" ");
  throw wrong("cron_schedule", "must have five fields, such as 0 9 * * 1, without ?");
}

function writeOnce({ run_at, date, time }: ScheduleRequest, before: string | undefined): string {
  if (run_at !== undefined) {
    const instant = new Date(run_at);
    if (instant > LAST_RUN) throw wrong("run_at", TOO_LATE);
    return `${instant.toISOString().slice(0, 19)}Z`;
  }
  const local = before && !before.endsWith("Z") ? before : "";
  const day = date ?? local.slice(0, 10);
  const clock = time ?? local.slice(11, 16);
  if (day === "") throw wrong("date", "is missing");
  if (clock === "") throw wrong("time", "is missing");
  return `${day}T${clock}:00`;
}

function writeRepeating(
  frequency: "daily" | "weekly" | "monthly" | "yearly",
  { time, date }: ScheduleRequest,
  { timezone, now, before }: { timezone: string; now: Date; before: string | undefined },
): string {
  const [oldMinute, oldHour, ...oldDay] = before?.split(" ") ?? [];
  const [hour, minute] = time?.split(":").map(Number) ?? [oldHour, oldMinute];
  if (hour === undefined || minute === undefined) throw wrong("time", "is missing");
  const day = date === undefined && before !== undefined
    ? oldDay.join(" ")
    : writeDay(frequency, date ?? localDate(now, timezone));
  return `${minute} ${hour} ${day}`;
}

function writeDay(frequency: "daily" | "weekly" | "monthly" | "yearly", date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  // Some JavaScript engines read 30 February as 2 March.
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) {
    throw wrong("date", "is not a day of the calendar");
  }
  switch (frequency) {
    case "daily":
      return "* * *";
    case "weekly":
      return `* * ${day.getUTCDay()}`;
    case "monthly":
      return `${day.getUTCDate()} * *`;
    case "yearly":
      return `${day.getUTCDate()} ${day.getUTCMonth() + 1} *`;
  }
}

/** Returns today's date in a time zone, as `YYYY-MM-DD`. */
function localDate(now: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone,
    calendar: "iso8601",
    numberingSystem: "latn",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).formatToParts(now);
  const part = (wanted: string) => parts.find(({ type }) => type === wanted)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

function wrong(field: ScheduleField, reason: string, cause?: unknown): AppError {
  return new AppError("invalid_schedule", {
    message: `${nameField([field])} ${reason}.`,
    details: { field, reason },
    cause,
  });
}
