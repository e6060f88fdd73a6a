// Supabase's edge runtime only. Source: https://supabase.com/docs/guides/functions/background-tasks
declare const EdgeRuntime: { waitUntil(promise: Promise<unknown>): void } | undefined;

/** Lets work go on after the response. `work` must not reject: nobody is there to hear it. */
export function runInBackground(work: Promise<unknown>): void {
  if (typeof EdgeRuntime !== "undefined") EdgeRuntime.waitUntil(work);
}
