import { Cron } from "croner";

/** When a lookout runs, as stored in its row. */
export interface Schedule {
  /** Five cron fields; or one time as `YYYY-MM-DDTHH:MM:SS`, with a final `Z` if it is in UTC. */
  cron_schedule: string;
  /** An IANA name. */
  timezone: string;
}

const ONCE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(Z?)$/;

/**
 * Returns the first run after `after`; null when there is none. Months without the given day are skipped. A time that
 * the clock skips runs right after the change, and a time that occurs twice runs once. Hours given by `*` are real
 * hours. Throws croner's error for a pattern or a timezone that it does not know.
 */
export function nextRun(schedule: Schedule, after: Date): Date | null {
  return openPattern(schedule).nextRun(after);
}

/** Returns true if a pattern has two runs less than an hour apart. Clock changes are ignored. */
export function isTooFrequent({ cron_schedule }: Schedule, after: Date): boolean {
  // A pattern with two or more minutes has two of any three successive runs in the same hour.
  const [first, second, third] = openPattern({ cron_schedule, timezone: "UTC" }).nextRuns(3, after);
  const isShort = (from?: Date, to?: Date) =>
    from !== undefined && to !== undefined && to.getTime() - from.getTime() < 3_600_000;
  return isShort(first, second) || isShort(second, third);
}

/** Returns true for a timezone name that the runtime knows. Offsets such as +02:00 have no daylight saving time. */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return /^[a-z]/i.test(name);
  } catch {
    return false;
  }
}

/**
 * Opens the pattern of a schedule. With `no-wildcard`, croner reads lists and ranges of hours as times of the day. A
 * single time is passed as fields: croner moves an ISO time in a clock gap by the gap's length, not to its end.
 */
function openPattern({ cron_schedule, timezone }: Schedule): Cron {
  const once = ONCE.exec(cron_schedule);
  const options = { paused: true, fixedTimeRule: "no-wildcard" } as const;
  if (!once) return new Cron(cron_schedule, { ...options, timezone, mode: "5-part" });
  const [year, month, day, hour, minute, second] = once.slice(1, 7).map(Number);
  const fields = `${second} ${minute} ${hour} ${day} ${month} * ${year}`;
  return new Cron(fields, { ...options, timezone: once[7] ? "UTC" : timezone, mode: "7-part" });
}
