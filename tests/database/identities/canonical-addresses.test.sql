begin;
select plan(10);
select is(private.canonical_email(given), expected, format('%s is the mailbox %s', given, expected))
from (values
  ('ann@example.com', 'ann@example.com'),
  ('  Ann@EXAMPLE.com ', 'ann@example.com'),
  ('ann+two@example.com', 'ann@example.com'),
  ('a.nn@example.com', 'a.nn@example.com'),
  ('A.n.n+x+y@gmail.com', 'ann@gmail.com'),
  ('ann@googlemail.com', 'ann@gmail.com'),
  ('+ann@example.com', '+ann@example.com')
) as cases (given, expected);

select tests.create_user('Ann.B+x');
select is(
  (select private.login_hashes(u) from auth.users u where u.id = tests.auth_id('Ann.B+x')),
  array[extensions.hmac('email:ann.b@example.com', private.identity_pepper(), 'sha256')],
  'the hash of a login is that of its mailbox, keyed'
);
select tests.create_login('unconfirmed', email => 'unconfirmed@example.com', phone => '49151');
select is(
  (select private.login_hashes(u) from auth.users u where u.id = tests.auth_id('unconfirmed')), '{}'::bytea[],
  'an address that nobody confirmed has no hash'
);
update auth.users set phone_confirmed_at = now() where id = tests.auth_id('unconfirmed');
select is(
  (select private.login_hashes(u) from auth.users u where u.id = tests.auth_id('unconfirmed')),
  array[extensions.hmac('phone:49151', private.identity_pepper(), 'sha256')],
  'a confirmed phone number has one'
);
select * from finish();
rollback;
