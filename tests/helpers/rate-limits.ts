import { asPostgres } from "./stack.ts";

/** Lets the current minute of whom a limit is counted for never end, once there was a call. */
export async function stopTheMinute(subject: string): Promise<void> {
  const update =
    "update private.rate_counters set minute = 'infinity' where subject = $1 returning 1";
  const rows = await asPostgres(update, [subject]);
  if (rows.length === 0) throw new Error("nothing has been counted yet");
}
