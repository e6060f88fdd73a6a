import { Cron } from "croner";
import { runDue, type SchedulerPorts } from "./run-due.ts";

/** Keeps the clock of the local stack, as pg_cron does on Supabase: every minute, what is due. Returns how to end it. */
export function startScheduler(services: Omit<SchedulerPorts, "underWay">): () => void {
  const ports = { ...services, underWay: new Set<string>() };
  const clock = new Cron("* * * * *", { timezone: "UTC", mode: "5-part" }, (job) => {
    runDue(ports, job.currentRun() ?? new Date()).catch(() => {
      ports.log("scheduler", "the database does not answer; next try in a minute");
    });
  });
  return () => clock.stop();
}
