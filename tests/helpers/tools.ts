import { afterAll } from "vitest";
import { createAssistant } from "./assistants.ts";
import { goalTools } from "./goal-tools.ts";
import { asPostgres } from "./stack.ts";

/**
 * Creates an assistant with the tools of `goalTools`, whose table is dropped after the tests of the file. `more` is SQL
 * that adds other tools to the assistant `$1`.
 */
export async function createGoalAssistant(name: string, more: string[] = []): Promise<string> {
  const { slug } = await createAssistant();
  await asPostgres(goalTools(name));
  afterAll(() => asPostgres(`drop table public.${name}_goals`).then(() => {}));
  for (const tool of ["add", "list", "slow"]) {
    const fn = `tools.${tool}_${name}_goal${tool === "list" ? "s" : ""}`;
    await asPostgres("select private.add_function_tool($1, $2)", [slug, fn]);
  }
  for (const sql of more) await asPostgres(sql, [slug]);
  return slug;
}

/** A call for the emulator's scenario `tool_steps`. */
export function call(name: string, given: object = {}): { name: string; arguments: string } {
  return { name, arguments: JSON.stringify(given) };
}

/** Ends the turns of an assistant that a test has left, because recovery would go on with them. */
export async function endTurnsOf(slug: string): Promise<void> {
  await asPostgres(
    `select public.fail_turn(t.id, '{"parts": []}')
     from public.chat_turns t join public.chat_sessions s on s.id = t.session_id
     where s.assistant_slug = $1 and t.status = 'active'`,
    [slug],
  );
}
