-- Sample data for local use: an admin, a free and a pro user with sample usage. Each run makes new passwords and
-- prints them, and leaves users that are there already alone.

create function pg_temp.seed_user(name text, new_role public.user_role, plan text)
returns void
language plpgsql
as $$
declare
  address text := name || '@parley.test';
  password text := encode(extensions.gen_random_bytes(9), 'hex');
  new_id uuid := gen_random_uuid();
begin
  if exists (select from auth.users where email = address) then
    return;
  end if;
  insert into auth.users
    (id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data, created_at,
     updated_at)
  values (
    new_id, 'authenticated', 'authenticated', address, extensions.crypt(password, extensions.gen_salt('bf')), now(),
    '{"provider": "email", "providers": ["email"]}', jsonb_build_object('full_name', initcap(name)), now(), now()
  );
  insert into auth.identities (id, provider, provider_id, user_id, identity_data, created_at, updated_at)
  values (
    gen_random_uuid(), 'email', new_id, new_id,
    jsonb_build_object('sub', new_id, 'email', address, 'email_verified', true), now(), now()
  );
  update public.profiles p set role = new_role, subscription_plan = plan where p.auth_id = new_id;
  raise notice 'seeded % with password %', address, password;
end
$$;

select
  pg_temp.seed_user('admin', 'admin', 'free'),
  pg_temp.seed_user('free', 'user', 'free'),
  pg_temp.seed_user('pro', 'premium', 'pro');

insert into public.usage_metrics
  (user_id, day, feature_type, model, request_count, input_tokens, cached_input_tokens, output_tokens, total_cost)
select
  p.id, current_date - n, 'chat', 'gpt-5.4-mini', 3 + n, 4000 + 500 * n, 1000, 900 + 100 * n,
  round(private.usage_cost('gpt-5.4-mini', 4000 + 500 * n, 1000, 900 + 100 * n), 6)
from public.profiles p
cross join generate_series(0, 6) n
where p.email in ('free@parley.test', 'pro@parley.test')
on conflict do nothing;

insert into public.monthly_costs (user_id, month, spent)
select m.user_id, date_trunc('month', m.day)::date, sum(m.total_cost)
from public.usage_metrics m
join public.profiles p on p.id = m.user_id
where p.email in ('free@parley.test', 'pro@parley.test')
group by 1, 2
on conflict do nothing;

-- The sample app of `npm run demo -- --tools`: goals of users, and an assistant that books and lists them.

create table if not exists public.goals (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default private.current_profile_id(),
  title text not null,
  created_at timestamptz not null default now(),
  constraint goals_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint goals_title_check check (char_length(title) between 1 and 200)
);
comment on table public.goals is 'Sample app: what users want to reach.';
alter table public.goals enable row level security;
grant select, insert on public.goals to authenticated;
create index if not exists goals_user_id_created_at_idx on public.goals (user_id, created_at);

do $$
begin
  if not exists (select from pg_policies where schemaname = 'public' and tablename = 'goals') then
    create policy goals_select_own on public.goals
      for select to authenticated
      using (user_id = (select private.current_profile_id()));
    create policy goals_insert_own on public.goals
      for insert to authenticated
      with check (user_id = (select private.current_profile_id()));
  end if;
end
$$;

create or replace function tools.add_goal(title text)
returns table (goal text, booked_at timestamptz)
language sql
security invoker
set search_path = ''
as $$
  insert into public.goals as g (title) values (add_goal.title) returning g.title, g.created_at
$$;
comment on function tools.add_goal(text) is 'Books a goal of the user. Call it only if the user asks for it.';

create or replace function tools.list_goals()
returns table (goal text, booked_at timestamptz)
language sql
stable
security invoker
set search_path = ''
as $$
  select g.title, g.created_at from public.goals g order by g.created_at
$$;
comment on function tools.list_goals() is 'Lists the goals of the user, oldest first.';

insert into public.assistants (slug, name, description, model, starters, sort_order)
values ('goal-coach', 'Goal coach', 'Books goals and lists them.', 'gpt-5.4-mini',
  array['I want to run ten kilometres', 'What are my goals?'], 60)
on conflict do nothing;
insert into private.assistant_instructions (slug, instructions)
values ('goal-coach', 'You help the user to keep goals. Book a goal when the user names one, and say what you booked.')
on conflict do nothing;

-- The user approves each goal before it is booked.
select private.add_function_tool('goal-coach', 'tools.add_goal', '{"needs_approval": true}');
select private.add_function_tool('goal-coach', 'tools.list_goals');
