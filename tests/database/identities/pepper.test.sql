begin;
select plan(6);
select matches(private.identity_pepper(), '^[0-9a-f]{64}$', 'without Vault, the migration stores a key in the table');
create temp table before as select private.identity_pepper() as pepper;
select private.keep_identity_pepper();
select is(private.identity_pepper(), (select pepper from before), 'a second call keeps the key');
select private.keep_identity_pepper(repeat('p', 40));
select is(private.identity_pepper(), repeat('p', 40), 'a restore brings its own');

create schema vault;
create table vault.secrets (id uuid primary key default gen_random_uuid(), name text unique, secret text);
create view vault.decrypted_secrets as select id, name, secret as decrypted_secret from vault.secrets;
create function vault.create_secret(new_secret text, new_name text) returns uuid language sql
  as 'insert into vault.secrets (secret, name) values ($1, $2) returning id';
create function vault.update_secret(secret_id uuid, new_secret text) returns void language sql
  as 'update vault.secrets set secret = $2 where id = $1';
select private.keep_identity_pepper(repeat('v', 40));
select results_eq(
  'select secret from vault.secrets', array[repeat('v', 40)], 'with Vault, the key is a secret of Vault'
);
select is_empty('select from private.identity_peppers', 'and not in the table');
select private.keep_identity_pepper(repeat('w', 40));
select is(private.identity_pepper(), repeat('w', 40), 'the secret can be replaced');
select * from finish();
rollback;
