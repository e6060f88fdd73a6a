/** Answers what the local stack cannot do as Supabase does; `docs/local-stack.md` lists all of it. */
export function refuseLocally(message: string, advice: string): Response {
  const hint = `${advice} See docs/local-stack.md.`;
  return Response.json({ code: "not_available_locally", message, details: null, hint }, {
    status: 501,
  });
}
