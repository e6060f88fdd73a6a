// `npm run schedules [-- --url …]`: lists the schedules with their last runs and results. Times are UTC.
import { parseArgs } from "node:util";
import { withConnection } from "../local/postgres/with-connection.ts";
import { findDatabase } from "./operations/find-database.ts";
import { formatTable } from "./operations/format-table.ts";
import { readSchedules, type ScheduleState } from "./operations/read-schedules.ts";
import { runScript } from "./operations/run-script.ts";

await runScript(async () => {
  const { values } = parseArgs({ options: { url: { type: "string" } } });
  const url = await findDatabase(values.url);
  const schedules = await withConnection(url, (client) => readSchedules(client, new Date()));
  console.log(formatTable(schedules.map(describe)));
});

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
