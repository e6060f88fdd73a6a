import type { GenerateLinkParams } from "@supabase/supabase-js";
import { expect, test } from "vitest";
import {
  followLink,
  fragmentOf,
  freshEmail,
  linkIn,
  listMails,
  takeMail,
} from "../../helpers/mail.ts";
import { createTestClient, createUser, must, stack } from "../../helpers/stack.ts";

const { admin } = createTestClient(stack.SECRET_KEY).auth;
const password = "correct horse battery";
const redirectTo = "http://localhost:5173/welcome";

/** Every type of link, with an address that fits it. */
const LINKS: [
  "signup" | "invite" | "magiclink" | "recovery",
  () => GenerateLinkParams | Promise<GenerateLinkParams>,
][] = [
  ["signup", () => ({ type: "signup", email: freshEmail(), password })],
  ["invite", () => ({ type: "invite", email: freshEmail() })],
  ["magiclink", async () => ({ type: "magiclink", email: (await createUser()).email })],
  ["recovery", async () => ({ type: "recovery", email: (await createUser()).email })],
];

async function generate(make: () => GenerateLinkParams | Promise<GenerateLinkParams>) {
  const params = await make();
  const { properties, user } = must(
    await admin.generateLink({ ...params, options: { redirectTo } }),
  );
  return { ...properties, user };
}

test.each(LINKS)("a %s link is verified by its hash", async (type, make) => {
  const { hashed_token: token_hash, verification_type, user } = await generate(make);
  expect(verification_type).toBe(type);
  const { session } = must(await createTestClient().auth.verifyOtp({ token_hash, type }));
  expect(session?.user).toMatchObject({ id: user.id, email: user.email });
  expect(session?.user.email_confirmed_at).toBeTruthy();
});

test.each(LINKS)("a %s link is verified by its code", async (type, make) => {
  const { email_otp: token, user } = await generate(make);
  const email = user.email!;
  const { session } = must(await createTestClient().auth.verifyOtp({ email, token, type }));
  expect(session?.user.id).toBe(user.id);
});

test.each(LINKS)("following a %s link verifies it, and sends no mail", async (type, make) => {
  const { action_link, redirect_to, user } = await generate(make);
  expect(redirect_to).toBe(redirectTo);
  const target = await followLink(action_link);
  expect(target.href.split("#")[0]).toBe(redirectTo);
  expect(fragmentOf(target)).toMatchObject({ type, access_token: expect.any(String) });
  expect(await listMails(user.email!)).toEqual([]);
});

test("both links of an address change are needed to change it", async () => {
  const { email, authId } = await createUser();
  const newEmail = freshEmail();
  const links = [];
  for (const type of ["email_change_current", "email_change_new"] as const) {
    links.push(must(await admin.generateLink({ type, email, newEmail })).properties!);
  }
  const [current, next] = links;
  expect(fragmentOf(await followLink(current!.action_link)).message).toMatch(/other email/);
  const { session } = must(
    await createTestClient().auth.verifyOtp({
      token_hash: next!.hashed_token,
      type: "email_change",
    }),
  );
  expect(session?.user).toMatchObject({ id: authId, email: newEmail });
});

test("a magic link for an unknown address signs the user up", async () => {
  const email = freshEmail();
  const { properties } = must(await admin.generateLink({ type: "magiclink", email }));
  expect(properties?.verification_type).toBe("signup");
  expect(fragmentOf(await followLink(properties!.action_link)).access_token).toBeTruthy();
});

test("invalid combinations of link and data are refused", async () => {
  const { email } = await createUser();
  const unknown = await admin.generateLink({ type: "recovery", email: freshEmail() });
  expect(unknown.error).toMatchObject({ status: 404, code: "user_not_found" });
  const invited = await admin.generateLink({ type: "invite", email });
  expect(invited.error).toMatchObject({ status: 422, code: "email_exists" });
  const weak = await admin.generateLink({ type: "signup", email: freshEmail(), password: "1" });
  expect(weak.error).toMatchObject({ status: 422, code: "weak_password" });
});

test("an invited user gets a mail, follows its link and chooses a password", async () => {
  const email = freshEmail();
  const { user } = must(
    await admin.inviteUserByEmail(email, { redirectTo, data: { user_name: "Grace" } }),
  );
  expect(user).toMatchObject({ email, invited_at: expect.any(String) });
  expect(user?.email_confirmed_at).toBeUndefined();

  const target = await followLink(linkIn(await takeMail(email)));
  expect(target.href.split("#")[0]).toBe(redirectTo);
  const { access_token, refresh_token } = fragmentOf(target);
  const client = createTestClient();
  must(
    await client.auth.setSession({ access_token: access_token!, refresh_token: refresh_token! }),
  );
  must(await client.auth.updateUser({ password }));
  const again = must(await createTestClient().auth.signInWithPassword({ email, password }));
  expect(again.user).toMatchObject({ id: user!.id, user_metadata: { user_name: "Grace" } });
});

test("inviting a user twice sends a second mail; a confirmed user is refused", async () => {
  const email = freshEmail();
  must(await admin.inviteUserByEmail(email));
  const first = linkIn(await takeMail(email));
  must(await admin.inviteUserByEmail(email));
  const second = linkIn(await takeMail(email));
  expect(fragmentOf(await followLink(first)).error_code).toBe("otp_expired");
  expect(fragmentOf(await followLink(second)).access_token).toBeTruthy();
  const { error } = await admin.inviteUserByEmail(email);
  expect(error).toMatchObject({ status: 422, code: "email_exists" });
});

test("the mail of an unconfirmed sign-up can be sent again", async () => {
  const email = freshEmail();
  must(await admin.createUser({ email, password }));
  must(await createTestClient().auth.resend({ type: "signup", email }));
  const target = await followLink(linkIn(await takeMail(email)));
  expect(fragmentOf(target)).toMatchObject({ type: "signup" });
  must(await createTestClient().auth.signInWithPassword({ email, password }));
});
