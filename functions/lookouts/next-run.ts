import { Cron } from "croner";

/** When a lookout runs, as its row says. */
export interface Schedule {
  /** Five fields; or `YYYY-MM-DDTHH:MM:SS`, once, with a `Z` behind it in UTC. */
  cron_schedule: string;
  /** IANA name. */
  timezone: string;
}

const ONCE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(Z?)$/;

/**
 * The first time after `after`; null when there is none. A day that a month does not have is passed over, a time that
 * the clock skips runs when the clock goes on, and one that comes twice runs once. Hours given by `*` are real hours.
 * Throws what croner throws for a pattern or a timezone that it does not know.
 */
export function nextRun(schedule: Schedule, after: Date): Date | null {
  return openPattern(schedule).nextRun(after);
}

/** Whether a pattern has two times less than an hour apart, changes of the clock aside. */
export function isTooFrequent({ cron_schedule }: Schedule, after: Date): boolean {
  // Of three times of a pattern with two minutes, two are in one hour.
  const [first, second, third] = openPattern({ cron_schedule, timezone: "UTC" }).nextRuns(3, after);
  const isShort = (from?: Date, to?: Date) =>
    from !== undefined && to !== undefined && to.getTime() - from.getTime() < 3_600_000;
  return isShort(first, second) || isShort(second, third);
}

/** Whether the runtime knows a timezone by this name; offsets such as +02:00 know no daylight saving. */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return /^[a-z]/i.test(name);
  } catch {
    return false;
  }
}

/**
 * Lists and ranges of hours are times of the day for croner only with `no-wildcard`. A date goes in as fields: croner
 * moves an ISO time in a gap on by the length of the gap, not to its end.
 */
function openPattern({ cron_schedule, timezone }: Schedule): Cron {
  const once = ONCE.exec(cron_schedule);
  const options = { paused: true, fixedTimeRule: "no-wildcard" } as const;
  if (!once) return new Cron(cron_schedule, { ...options, timezone, mode: "5-part" });
  const [year, month, day, hour, minute, second] = once.slice(1, 7).map(Number);
  const fields = `${second} ${minute} ${hour} ${day} ${month} * ${year}`;
  return new Cron(fields, { ...options, timezone: once[7] ? "UTC" : timezone, mode: "7-part" });
}
