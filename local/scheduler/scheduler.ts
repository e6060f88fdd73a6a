import { Cron } from "croner";
import { runDue, type SchedulerPorts } from "./run-due.ts";

/** Runs the due schedules every minute, as pg_cron does on Supabase. Returns a function that stops this. */
export function startScheduler(ports: SchedulerPorts): () => void {
  const clock = new Cron("* * * * *", { timezone: "UTC", mode: "5-part" }, (job) => {
    runDue(ports, job.currentRun() ?? new Date()).catch(() => {
      if (ports.database.ending) return;
      ports.log("scheduler", "the database does not answer; trying again in a minute");
    });
  });
  return () => clock.stop();
}
