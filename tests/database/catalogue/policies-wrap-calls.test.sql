-- `(select auth.uid())` is computed once for a statement, `auth.uid()` once for each row.
begin;
select plan(2);

create function pg_temp.unwrapped(expression text)
returns boolean
language sql
as $$
  -- Removes every `( SELECT …)`, with brackets up to two deep, and looks for calls in the rest.
  select regexp_replace(expression, '\( SELECT [^()]*(\([^()]*(\([^()]*\)[^()]*)*\)[^()]*)*\)', '', 'g')
    ~ '\m((auth|private)\.\w+|current_setting)\('
$$;

select results_eq(
  $$ select expression, pg_temp.unwrapped(expression) from (values
       ('(id = ( SELECT private.current_profile_id() AS current_profile_id))'),
       ('((( SELECT auth.uid() AS uid))::text = owner)'),
       ('(( SELECT (auth.jwt() ->> ''role''::text)) = ''x''::text)'),
       ('(id = auth.uid())'),
       ('((id = ( SELECT auth.uid() AS uid)) AND private.can_act(id))'),
       ('(current_setting(''role''::text) = ''x''::text)')
     ) as samples (expression) $$,
  $$ values
       ('(id = ( SELECT private.current_profile_id() AS current_profile_id))', false),
       ('((( SELECT auth.uid() AS uid))::text = owner)', false),
       ('(( SELECT (auth.jwt() ->> ''role''::text)) = ''x''::text)', false),
       ('(id = auth.uid())', true),
       ('((id = ( SELECT auth.uid() AS uid)) AND private.can_act(id))', true),
       ('(current_setting(''role''::text) = ''x''::text)', true) $$,
  'the check tells wrapped calls from bare ones'
);
select is_empty(
  $$ select tablename, policyname from pg_policies
     where schemaname in ('public', 'storage') and (pg_temp.unwrapped(qual) or pg_temp.unwrapped(with_check)) $$,
  'policies wrap every call whose result is the same for all rows'
);
select * from finish();
rollback;
