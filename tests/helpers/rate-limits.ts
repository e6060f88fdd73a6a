import { asPostgres } from "./stack.ts";

/**
 * Keeps the current minute of a rate limit from ending for `subject`, a profile id or an address. It must have made a
 * call before.
 */
export async function stopTheMinute(subject: string): Promise<void> {
  const update = `update private.rate_counters set minute = 'infinity'
    where subject = case when private.parse_address($1) is null then $1
      else private.network_bucket(private.parse_address($1)) end returning 1`;
  const rows = await asPostgres(update, [subject]);
  if (rows.length === 0) throw new Error("nothing has been counted yet");
}
