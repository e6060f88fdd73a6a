import { beforeEach, expect, test } from "vitest";
import {
  codeIn,
  followLink,
  fragmentOf,
  freshEmail,
  linkIn,
  listMails,
  takeMail,
} from "../../helpers/mail.ts";
import { createTestClient, createUser, must, type TestUser } from "../../helpers/stack.ts";

let user: TestUser;
let newEmail: string;
beforeEach(async () => {
  user = await createUser();
  newEmail = freshEmail();
});

const profileEmail = async () =>
  must(await user.client.from("profiles").select("email").single()).email;

test("an address changes once the links to both mailboxes are followed", async () => {
  const emailRedirectTo = "http://127.0.0.1:3000/settings";
  const { user: pending } = must(
    await user.client.auth.updateUser({ email: newEmail }, { emailRedirectTo }),
  );
  expect(pending).toMatchObject({ email: user.email, new_email: newEmail });

  const half = await followLink(linkIn(await takeMail(newEmail)));
  expect(fragmentOf(half).message).toMatch(/other email/);
  expect(await profileEmail()).toBe(user.email);

  const done = await followLink(linkIn(await takeMail(user.email)));
  expect(done.href.split("#")[0]).toBe(emailRedirectTo);
  expect(fragmentOf(done)).toMatchObject({ type: "email_change" });
  expect(await profileEmail()).toBe(newEmail);
  const { data } = await createTestClient().auth.signInWithPassword({
    email: newEmail,
    password: user.password,
  });
  expect(data.user).toMatchObject({ id: user.authId, identities: [{ email: newEmail }] });
});

test("the codes of both mails change the address, too", async () => {
  must(await user.client.auth.updateUser({ email: newEmail }));
  const client = createTestClient();
  const verify = async (email: string) =>
    must(
      await client.auth.verifyOtp({
        email,
        token: codeIn(await takeMail(email)),
        type: "email_change",
      }),
    );
  expect((await verify(user.email)).session).toBeNull();
  expect((await verify(newEmail)).session?.user.email).toBe(newEmail);
  expect(await profileEmail()).toBe(newEmail);
});

test("confirming one mailbox changes nothing, however often it is done", async () => {
  must(await user.client.auth.updateUser({ email: newEmail }));
  const link = linkIn(await takeMail(newEmail));
  await followLink(link);
  expect(fragmentOf(await followLink(link)).error_code).toBe("otp_expired");
  expect(await profileEmail()).toBe(user.email);
});

test("another account's address is refused, even if it was taken in the meantime", async () => {
  const other = await createUser();
  const { error } = await user.client.auth.updateUser({ email: other.email });
  expect(error).toMatchObject({ status: 422, code: "email_exists" });

  must(await user.client.auth.updateUser({ email: newEmail }));
  must(await createTestClient().auth.signUp({ email: newEmail, password: "correct horse" }));
  await followLink(linkIn(await takeMail(user.email)));
  const late = await followLink(linkIn(await takeMail(newEmail)));
  expect(fragmentOf(late).error_code).toBe("email_exists");
});

test("a changed password voids a pending change of address", async () => {
  must(await user.client.auth.updateUser({ email: newEmail }));
  const link = linkIn(await takeMail(newEmail));
  must(await user.client.auth.updateUser({ password: "another password" }));
  expect(fragmentOf(await followLink(link)).error_code).toBe("otp_expired");
});

test("the mails of a pending change can be sent again", async () => {
  must(await user.client.auth.updateUser({ email: newEmail }));
  await takeMail(newEmail);
  must(await createTestClient().auth.resend({ type: "email_change", email: user.email }));
  expect(fragmentOf(await followLink(linkIn(await takeMail(newEmail)))).message).toBeTruthy();
});

test("the current address is refused as a new one", async () => {
  must(await user.client.auth.updateUser({ email: user.email.toUpperCase() }));
  expect(await listMails(user.email)).toEqual([]);
});
