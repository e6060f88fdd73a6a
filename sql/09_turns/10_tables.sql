-- Columns of chat_turns for regenerating a reply.

alter table public.chat_turns
  add column replaces_message_id uuid,
  add constraint chat_turns_replaces_message_id_fkey foreign key (replaces_message_id)
    references public.chat_messages (id) on delete set null;
comment on column public.chat_turns.replaces_message_id is
  'Set when a reply is regenerated: the old reply, which stays until the new one has begun.';
create index chat_turns_replaces_message_id_idx on public.chat_turns (replaces_message_id);
