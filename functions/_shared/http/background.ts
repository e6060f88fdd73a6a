// Exists only in Supabase's edge runtime. Source: https://supabase.com/docs/guides/functions/background-tasks
declare const EdgeRuntime: { waitUntil(promise: Promise<unknown>): void } | undefined;

/** Keeps the function alive until `work` ends, also after the response. `work` must not reject. */
export function runInBackground(work: Promise<unknown>): void {
  if (typeof EdgeRuntime !== "undefined") EdgeRuntime.waitUntil(work);
}
