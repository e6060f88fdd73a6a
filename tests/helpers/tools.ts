import { createAssistant } from "./assistants.ts";
import { asPostgres } from "./stack.ts";

/**
 * Creates an assistant with tools around one table of goals: `add_<name>_goal`, `list_<name>_goals` (which selects
 * everything) and `slow_<name>_goal`. `more` is SQL that adds other tools to the assistant `$1`.
 */
export async function createGoalAssistant(name: string, more: string[] = []): Promise<string> {
  const { slug } = await createAssistant();
  await asPostgres(`
    create table public.${name}_goals (user_id uuid not null default auth.uid(), title text not null);
    alter table public.${name}_goals enable row level security;
    grant select, insert on public.${name}_goals to authenticated;
    create policy own on public.${name}_goals to authenticated
      using (user_id = auth.uid()) with check (user_id = auth.uid());
    create function tools.add_${name}_goal(title text) returns text language sql set search_path = ''
      as $$ insert into public.${name}_goals (title) values (title) returning title $$;
    comment on function tools.add_${name}_goal is 'Adds a goal of the user.';
    create function tools.list_${name}_goals() returns table (owner uuid, goal text)
      language sql stable set search_path = ''
      as $$ select g.user_id, g.title from public.${name}_goals g order by g.title $$;
    comment on function tools.list_${name}_goals is 'Lists goals.';
    create function tools.slow_${name}_goal(seconds numeric) returns text language plpgsql set search_path = ''
      as $$ begin
        insert into public.${name}_goals (title) values ('slow');
        perform pg_sleep(seconds);
        return 'slept';
      end $$;
    comment on function tools.slow_${name}_goal is 'Adds a goal slowly.';
  `);
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
