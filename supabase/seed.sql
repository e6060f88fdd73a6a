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
