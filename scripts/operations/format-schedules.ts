import { formatTable } from "./format-table.ts";
import type { ScheduleState } from "./read-schedules.ts";

/** Formats schedules as a table with their last runs and results. */
export function formatSchedules(schedules: ScheduleState[]): string {
  return formatTable(schedules.map(describe));
}

function describe(schedule: ScheduleState) {
  return {
    name: schedule.name,
    cron: schedule.cron,
    runs: schedule.target,
    "last run": showTime(schedule.last_run_at) ?? "never",
    result: schedule.last_status,
    "next run": schedule.is_enabled ? showTime(schedule.next_run_at) : "switched off",
  };
}

function showTime(time: Date | null): string | null {
  return time && time.toISOString().replace("T", " ").slice(0, 19);
}
