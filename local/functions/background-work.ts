// Runs on Deno, inside the functions server.

/** The path at which a process answers when its background work has ended. Names of functions begin with a letter. */
export const IDLE_PATH = "/_idle";

/**
 * Defines Supabase's `EdgeRuntime` and returns a function that answers when all of its background work has ended.
 * Source: https://supabase.com/docs/guides/functions/background-tasks
 */
export function defineEdgeRuntime(): () => Promise<Response> {
  const background = new Set<Promise<unknown>>();
  const waitUntil = (work: Promise<unknown>) => {
    const settled: Promise<unknown> = work.catch(() => {}).then(() => background.delete(settled));
    background.add(settled);
  };
  Object.defineProperty(globalThis, "EdgeRuntime", { value: { waitUntil } });
  return async () => {
    while (background.size > 0) await Promise.all(background);
    return new Response(null, { status: 204 });
  };
}
