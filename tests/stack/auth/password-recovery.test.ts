import { expect, test } from "vitest";
import {
  codeIn,
  followLink,
  fragmentOf,
  freshEmail,
  linkIn,
  listMails,
  takeMail,
} from "../../helpers/mail.ts";
import { asPostgres, createTestClient, createUser, must } from "../../helpers/stack.ts";
import { raceBehind } from "../../helpers/race-behind.ts";

test("a forgotten password can be replaced with the mail's link", async () => {
  const user = await createUser();
  const client = createTestClient();
  const redirectTo = "http://localhost:5173/new-password?step=2";
  must(await client.auth.resetPasswordForEmail(user.email, { redirectTo }));
  const mail = await takeMail(user.email);
  expect(mail.subject).toBe("Reset Your Password");

  const target = await followLink(linkIn(mail));
  expect(target.href.split("#")[0]).toBe(redirectTo);
  const { access_token, refresh_token, type } = fragmentOf(target);
  expect(type).toBe("recovery");
  must(
    await client.auth.setSession({ access_token: access_token!, refresh_token: refresh_token! }),
  );
  must(await client.auth.updateUser({ password: "a new password" }));
  must(
    await createTestClient().auth.signInWithPassword({
      email: user.email,
      password: "a new password",
    }),
  );
});

test("the mail's code works once, like the link", async () => {
  const { email, authId } = await createUser();
  const client = createTestClient();
  must(await client.auth.resetPasswordForEmail(email));
  const token = codeIn(await takeMail(email));
  const { session } = must(await client.auth.verifyOtp({ email, token, type: "recovery" }));
  expect(session?.user.id).toBe(authId);
  const again = await client.auth.verifyOtp({ email, token, type: "recovery" });
  expect(again.error).toMatchObject({ status: 403, code: "otp_expired" });
});

test("of several concurrent uses of one code, one succeeds", async () => {
  const { email, authId } = await createUser();
  must(await createTestClient().auth.resetPasswordForEmail(email));
  const token = codeIn(await takeMail(email));
  const verify = () => createTestClient().auth.verifyOtp({ email, token, type: "recovery" });
  const outcomes = await raceBehind(
    "select from auth.users where id = $1 for update",
    [authId],
    [verify, verify, verify],
  );
  expect(outcomes.filter(({ error }) => error === null)).toHaveLength(1);
});

test("a new mail invalidates the code of the previous one", async () => {
  const { email } = await createUser();
  const client = createTestClient();
  must(await client.auth.resetPasswordForEmail(email));
  const token = codeIn(await takeMail(email));
  must(await client.auth.resetPasswordForEmail(email));
  const { error } = await client.auth.verifyOtp({ email, token, type: "recovery" });
  expect(error?.code).toBe("otp_expired");
});

test("a code is good for an hour", async () => {
  const { email, authId } = await createUser();
  const client = createTestClient();
  must(await client.auth.resetPasswordForEmail(email));
  const mail = await takeMail(email);
  await asPostgres(
    "update auth.users set recovery_sent_at = now() - interval '61 minutes' where id = $1",
    [authId],
  );
  const { error } = await client.auth.verifyOtp({ email, token: codeIn(mail), type: "recovery" });
  expect(error).toMatchObject({ status: 403, code: "otp_expired" });
  expect(fragmentOf(await followLink(linkIn(mail)))).toMatchObject({
    error: "access_denied",
    error_code: "otp_expired",
  });
});

test("an unknown address gets the same response, and no mail", async () => {
  const email = freshEmail();
  must(await createTestClient().auth.resetPasswordForEmail(email));
  expect(await listMails(email)).toEqual([]);
});
