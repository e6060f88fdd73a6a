-- What is known about a model, and the settings that an assistant may have with it.

create function private.model_of(model text)
returns public.models
language plpgsql
stable
set search_path = ''
as $$
declare
  known public.models;
begin
  select m.* into known
  from public.models m
  where starts_with(model_of.model, m.model)
  order by length(m.model) desc
  limit 1;
  return known;
end
$$;
comment on function private.model_of(text) is
  'Returns what is known about a model, under the longest name that its name starts with. All columns are null for an '
  'unknown model.';
grant execute on function private.model_of(text) to service_role;

create function private.check_assistant_settings()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  known public.models := private.model_of(new.model);
  effort text := coalesce(new.reasoning_effort, known.default_effort);
begin
  if new.reasoning_effort is not null and new.reasoning_effort <> all (known.efforts) then
    perform private.refuse(
      400, 'assistant_setting_unsupported',
      'The assistant''s model does not take this reasoning_effort. Use one that details.efforts lists, or null.',
      jsonb_build_object('setting', 'reasoning_effort', 'model', new.model, 'efforts', known.efforts)
    );
  end if;
  if new.temperature is not null and not known.accepts_temperature then
    perform private.refuse(
      400, 'assistant_setting_unsupported',
      'The assistant''s model does not take a temperature. Set temperature to null, or choose another model.',
      jsonb_build_object('setting', 'temperature', 'model', new.model)
    );
  end if;
  if new.temperature is not null and known.efforts is not null and effort <> 'none' then
    perform private.refuse(
      400, 'assistant_setting_unsupported',
      'A model that reasons does not take a temperature. Set temperature to null, or reasoning_effort to none.',
      jsonb_build_object('setting', 'temperature', 'model', new.model, 'reasoning_effort', effort)
    );
  end if;
  return new;
end
$$;
comment on function private.check_assistant_settings() is
  'Trigger: refuses an assistant with a setting that its model does not take, because OpenAI would refuse every '
  'request. Facts that are not known refuse nothing.';

create trigger assistants_check_settings
  before insert or update of model, temperature, reasoning_effort on public.assistants
  for each row execute function private.check_assistant_settings();
