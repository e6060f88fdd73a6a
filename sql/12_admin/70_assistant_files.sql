-- What admins read of the files of assistants. The files function adds, retries and deletes them.

create function private.admin_list_assistant_files(assistant_slug text)
returns setof public.chat_files
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_admin();
  return query
    select * from public.chat_files f
    where f.assistant_slug = admin_list_assistant_files.assistant_slug
    order by f.created_at, f.id;
end
$$;
comment on function private.admin_list_assistant_files(text) is
  'The files of an assistant. Definer: no policy lets clients read these rows; admins only.';
grant execute on function private.admin_list_assistant_files(text) to authenticated;

create function public.admin_list_assistant_files(assistant_slug text)
returns setof public.chat_files
language sql
security invoker
set search_path = ''
as $$
  select * from private.admin_list_assistant_files(assistant_slug)
$$;
comment on function public.admin_list_assistant_files(text) is
  'Admin RPC: lists the files of an assistant, oldest first, with their status and error. An unknown assistant has '
  'none.';
grant execute on function public.admin_list_assistant_files(text) to authenticated;
