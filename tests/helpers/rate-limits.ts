import { asPostgres } from "./stack.ts";

/** Keeps the current minute of a rate limit from ending for `subject`, who must have made a call before. */
export async function stopTheMinute(subject: string): Promise<void> {
  const update =
    "update private.rate_counters set minute = 'infinity' where subject = $1 returning 1";
  const rows = await asPostgres(update, [subject]);
  if (rows.length === 0) throw new Error("nothing has been counted yet");
}
