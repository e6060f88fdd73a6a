-- Notes that admins write about users.

create function private.admin_add_note(user_id uuid, note text, is_flagged boolean)
returns public.admin_notes
language plpgsql
security definer
set search_path = ''
as $$
declare
  admin uuid := private.require_admin();
  added public.admin_notes;
begin
  perform private.require_user(user_id);
  if coalesce(char_length(btrim(note)), 0) not between 1 and 5000 then
    perform private.refuse(400, 'invalid_note', 'A note must have between 1 and 5000 characters. Change the text.');
  end if;
  insert into public.admin_notes (user_id, admin_id, note, is_flagged)
  values (admin_add_note.user_id, admin, btrim(admin_add_note.note), coalesce(admin_add_note.is_flagged, false))
  returning * into added;
  perform private.audit(
    'admin_add_note', user_id, null, jsonb_build_object('note_id', added.id, 'is_flagged', added.is_flagged)
  );
  return added;
end
$$;
comment on function private.admin_add_note(uuid, text, boolean) is
  'Adds a note about a user. Definer: clients cannot write notes; admins only, audited.';
grant execute on function private.admin_add_note(uuid, text, boolean) to authenticated;

create function public.admin_add_note(user_id uuid, note text, is_flagged boolean default false)
returns public.admin_notes
language sql
security invoker
set search_path = ''
as $$
  select private.admin_add_note(user_id, note, is_flagged)
$$;
comment on function public.admin_add_note(uuid, text, boolean) is
  'Admin RPC: adds a note about a user and returns it. The user cannot see it.';
grant execute on function public.admin_add_note(uuid, text, boolean) to authenticated;

create function private.admin_flag_note(note_id uuid, is_flagged boolean)
returns public.admin_notes
language plpgsql
security definer
set search_path = ''
as $$
declare
  before public.admin_notes;
  after public.admin_notes;
begin
  perform private.require_admin();
  select * into before from public.admin_notes n where n.id = note_id for update;
  if before.id is null then
    perform private.refuse(404, 'note_not_found', 'This note does not exist. Reload the notes of the user.');
  end if;
  update public.admin_notes n set is_flagged = coalesce(admin_flag_note.is_flagged, true)
  where n.id = note_id
  returning * into after;
  perform private.audit(
    'admin_flag_note', after.user_id, jsonb_build_object('is_flagged', before.is_flagged),
    jsonb_build_object('is_flagged', after.is_flagged), jsonb_build_object('note_id', note_id)
  );
  return after;
end
$$;
comment on function private.admin_flag_note(uuid, boolean) is
  'Flags a note or removes the flag. Definer: clients cannot write notes; admins only, audited.';
grant execute on function private.admin_flag_note(uuid, boolean) to authenticated;

create function public.admin_flag_note(note_id uuid, is_flagged boolean default true)
returns public.admin_notes
language sql
security invoker
set search_path = ''
as $$
  select private.admin_flag_note(note_id, is_flagged)
$$;
comment on function public.admin_flag_note(uuid, boolean) is
  'Admin RPC: flags a note or removes the flag, and returns the changed note. 404 note_not_found.';
grant execute on function public.admin_flag_note(uuid, boolean) to authenticated;

create function private.admin_list_notes(user_id uuid, only_flagged boolean)
returns setof public.admin_notes
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_admin();
  perform private.audit(
    'admin_list_notes', user_id, details => jsonb_build_object('only_flagged', coalesce(only_flagged, false))
  );
  return query
  select n.*
  from public.admin_notes n
  where (admin_list_notes.user_id is null or n.user_id = admin_list_notes.user_id)
    and (n.is_flagged or not coalesce(only_flagged, false))
  order by n.created_at desc, n.id
  limit 1000;
end
$$;
comment on function private.admin_list_notes(uuid, boolean) is
  'Notes about one user, or about all users. Definer: clients cannot read notes; admins only, audited.';
grant execute on function private.admin_list_notes(uuid, boolean) to authenticated;

create function public.admin_list_notes(user_id uuid default null, only_flagged boolean default false)
returns setof public.admin_notes
language sql
security invoker
set search_path = ''
as $$
  select * from private.admin_list_notes(user_id, only_flagged)
$$;
comment on function public.admin_list_notes(uuid, boolean) is
  'Admin RPC: notes about one user, or about all users, newest first, at most 1000.';
grant execute on function public.admin_list_notes(uuid, boolean) to authenticated;
