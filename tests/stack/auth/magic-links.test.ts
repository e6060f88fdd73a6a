import { decodeJwt } from "jose";
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
import { createTestClient, createUser, must } from "../../helpers/stack.ts";

test.each(["email", "magiclink"] as const)("a code signs in as type %s", async (type) => {
  const { email, authId } = await createUser();
  const client = createTestClient();
  must(await client.auth.signInWithOtp({ email }));
  const token = codeIn(await takeMail(email));
  const { session } = must(await client.auth.verifyOtp({ email, token, type }));
  expect(session?.user.id).toBe(authId);
  expect(decodeJwt(session!.access_token).amr).toMatchObject([{ method: "otp" }]);
  const again = await client.auth.verifyOtp({ email, token, type });
  expect(again.error).toMatchObject({ status: 403, code: "otp_expired" });
});

test("the hash of the link signs in as well", async () => {
  const { email, authId } = await createUser();
  const client = createTestClient();
  must(await client.auth.signInWithOtp({ email }));
  const token_hash = linkIn(await takeMail(email)).searchParams.get("token")!;
  const { session } = must(await client.auth.verifyOtp({ token_hash, type: "email" }));
  expect(session?.user.id).toBe(authId);
});

test("a new address signs up, with its metadata", async () => {
  const email = freshEmail();
  const client = createTestClient();
  must(await client.auth.signInWithOtp({ email, options: { data: { user_name: "Ada" } } }));
  const fragment = fragmentOf(await followLink(linkIn(await takeMail(email))));
  expect(decodeJwt(fragment.access_token!)).toMatchObject({
    email,
    user_metadata: { user_name: "Ada" },
  });
});

test("two concurrent requests of a new address sign it up once", async () => {
  const email = freshEmail();
  const asked = await Promise.all(
    [1, 2].map(() => createTestClient().auth.signInWithOtp({ email })),
  );
  expect(asked.map(({ error }) => error)).toEqual([null, null]);
});

test("a new address is not signed up if the client asks for that", async () => {
  const email = freshEmail();
  const { error } = await createTestClient().auth.signInWithOtp({
    email,
    options: { shouldCreateUser: false },
  });
  expect(error).toMatchObject({ status: 422, code: "otp_disabled" });
  expect(await listMails(email)).toEqual([]);
});

test("a wrong code, another user's code and a wrong type get the same refusal", async () => {
  const [ada, grace] = [await createUser(), await createUser()];
  const client = createTestClient();
  must(await client.auth.signInWithOtp({ email: ada.email }));
  const token = codeIn(await takeMail(ada.email));
  const wrong = String((Number(token) + 1) % 1e6).padStart(6, "0");
  for (
    const attempt of [
      { email: ada.email, token: wrong, type: "email" },
      { email: grace.email, token, type: "email" },
      { email: ada.email, token, type: "invite" },
    ] as const
  ) {
    expect((await client.auth.verifyOtp(attempt)).error).toMatchObject({
      status: 403,
      code: "otp_expired",
    });
  }
});

test("a HEAD request does not use up a link", async () => {
  const { email } = await createUser();
  must(await createTestClient().auth.signInWithOtp({ email }));
  const link = linkIn(await takeMail(email));
  expect((await fetch(link, { method: "HEAD", redirect: "manual" })).status).toBe(405);
  expect(fragmentOf(await followLink(link))).toHaveProperty("access_token");
});

test("reauthentication mails a code to the user", async () => {
  const { client, email } = await createUser();
  must(await client.auth.reauthenticate());
  const mail = await takeMail(email);
  expect(codeIn(mail)).toMatch(/^\d{6}$/);
  expect(mail.links).toEqual([]);
});
