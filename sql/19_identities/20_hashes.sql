-- Hashes of addresses and phone numbers, and the key that they need.

create function private.identity_pepper()
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce(
    (select p.pepper from private.identity_peppers p), private.read_vault('parley_identity_pepper')
  );
exception when others then
  -- Without a key, no usage is remembered. Users can still sign up and delete their accounts.
  raise warning 'the key of identities cannot be read: %', sqlstate;
  return null;
end
$$;
comment on function private.identity_pepper() is 'Returns the key of the hashes of addresses; null if there is none.';

create function private.keep_identity_pepper(new_pepper text default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  kept text := coalesce(new_pepper, private.identity_pepper(), encode(extensions.gen_random_bytes(32), 'hex'));
begin
  if kept = private.identity_pepper() then
    return;
  end if;
  delete from private.identity_peppers;
  begin
    if private.read_vault('parley_identity_pepper') is null then
      perform vault.create_secret(kept, 'parley_identity_pepper');
    else
      perform vault.update_secret(s.id, kept) from vault.secrets s where s.name = 'parley_identity_pepper';
    end if;
  exception when invalid_schema_name or undefined_table or undefined_function or insufficient_privilege then
    insert into private.identity_peppers (pepper) values (kept);
  end;
end
$$;
comment on function private.keep_identity_pepper(text) is
  'Stores a key, or creates one if there is none: in Supabase Vault, or in private.identity_peppers where Vault is '
  'missing. Called by the migration, and by npm run db:restore with the key of the backup.';

create function private.canonical_email(address text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  clean text := lower(btrim(address));
  -- The domain follows the last @, because the local part may contain one in quotes.
  domain text := regexp_replace(clean, '^.*@', '');
  mailbox text := regexp_replace(regexp_replace(clean, '@[^@]*$', ''), '(.)\+.*$', '\1');
begin
  if domain in ('gmail.com', 'googlemail.com') then
    -- Source: https://support.google.com/mail/answer/7436150
    return replace(mailbox, '.', '') || '@gmail.com';
  end if;
  return mailbox || '@' || domain;
end
$$;
comment on function private.canonical_email(text) is
  'Returns the address of the mailbox: in lower case, trimmed, without +tag, and at Gmail without dots. Used for '
  'hashes only; sign-in and mails use the address as it is.';

create function private.login_hashes(login auth.users)
returns bytea[]
language plpgsql
stable
set search_path = ''
as $$
declare
  pepper text := private.identity_pepper();
begin
  if pepper is null
    or (select p.identity_days from private.retention_policy p) = 0
    or login.raw_app_meta_data::jsonb ->> 'is_test' = 'true'
  then
    return '{}'::bytea[];
  end if;
  return array(
    select extensions.hmac(convert_to(contact.value, 'UTF8'), convert_to(pepper, 'UTF8'), 'sha256') as hash
    from (
      values
        (login.email_confirmed_at, 'email:' || private.canonical_email(nullif(login.email::text, ''))),
        (login.phone_confirmed_at, 'phone:' || regexp_replace(nullif(login.phone::text, ''), '\D', '', 'g'))
    ) as contact (confirmed_at, value)
    where contact.confirmed_at is not null and contact.value is not null
    order by hash
  );
end
$$;
comment on function private.login_hashes(auth.users) is
  'Returns the hashes of the confirmed address and phone number of a login, in the order in which their rows are '
  'locked. Empty while identity_days of the retention policy is 0, and for a login whose app_metadata has is_test. '
  'Only the secret key can set it.';

select private.keep_identity_pepper();
