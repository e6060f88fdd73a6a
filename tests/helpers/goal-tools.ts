/**
 * The SQL of a table of goals and of tools for it: `add_<name>_goal`, `list_<name>_goals`, which selects everything, and
 * `slow_<name>_goal`.
 */
export function goalTools(name: string): string {
  return `
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
  `;
}
