-- Custom instructions: what a user wants every assistant to know. They are part of every turn.

create table public.custom_instructions (
  user_id uuid primary key default private.current_profile_id(),
  content text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint custom_instructions_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint custom_instructions_content_check check (char_length(content) between 1 and 4000)
);

comment on table public.custom_instructions is
  'One text for each profile, added to the instructions of every assistant.';

create trigger custom_instructions_touch
  before update on public.custom_instructions
  for each row execute function private.touch_updated_at();
create trigger custom_instructions_short_texts
  before insert or update of content on public.custom_instructions
  for each row execute function private.require_short_texts('content', '4000');

alter table public.custom_instructions enable row level security;

grant select, delete on public.custom_instructions to authenticated;
-- Upserts need the grant on user_id. The policies limit its value to the caller's own id.
grant insert (user_id, content), update (user_id, content) on public.custom_instructions to authenticated;
grant select, insert, update, delete on public.custom_instructions to service_role;

create policy custom_instructions_select_own on public.custom_instructions
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy custom_instructions_insert_own on public.custom_instructions
  for insert to authenticated
  with check ((select private.require_signed_in()) and user_id = (select private.current_profile_id()));

create policy custom_instructions_update_own on public.custom_instructions
  for update to authenticated
  using ((select private.require_signed_in()) and user_id = (select private.current_profile_id()))
  with check (user_id = (select private.current_profile_id()));

create policy custom_instructions_delete_own on public.custom_instructions
  for delete to authenticated
  using ((select private.require_signed_in()) and user_id = (select private.current_profile_id()));
