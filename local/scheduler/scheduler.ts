import { Cron } from "croner";
import { runDue, type SchedulerPorts } from "./run-due.ts";

/** Runs the due schedules every minute, as pg_cron does on Supabase. Returns a function that stops this. */
export function startScheduler(ports: SchedulerPorts): () => void {
  let forgotten: Promise<unknown> | undefined;
  const clock = new Cron("* * * * *", { timezone: "UTC", mode: "5-part" }, (job) => {
    // Calls that an earlier start of the stack left open will never end.
    forgotten ??= ports.database.query(
      "delete from private.schedule_calls where request_id is null",
    );
    forgotten.then(() => runDue(ports, job.currentRun() ?? new Date())).catch(() => {
      forgotten = undefined;
      if (ports.database.ending) return;
      ports.log("scheduler", "the database does not answer; trying again in a minute");
    });
  });
  return () => clock.stop();
}
