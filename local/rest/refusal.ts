/** Refuses a request that the local stack cannot answer as Supabase does. `docs/local-stack.md` lists all of them. */
export function refuseLocally(message: string, advice: string): Response {
  const hint = `${advice} See docs/local-stack.md.`;
  return Response.json({ code: "not_available_locally", message, details: null, hint }, {
    status: 501,
  });
}
