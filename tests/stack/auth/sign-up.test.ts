import { expect, test } from "vitest";
import { freshEmail } from "../../helpers/mail.ts";
import { asPostgres, createTestClient, createUser, must } from "../../helpers/stack.ts";

const password = "correct horse battery";

test("signing up gives a session and keeps the metadata", async () => {
  const email = freshEmail();
  const { session, user } = must(
    await createTestClient().auth.signUp({
      email: email.toUpperCase(),
      password,
      options: { data: { user_name: "Ada" } },
    }),
  );
  expect(session?.token_type).toBe("bearer");
  expect(user).toMatchObject({
    email,
    is_anonymous: false,
    app_metadata: { provider: "email", providers: ["email"] },
    user_metadata: { user_name: "Ada", email },
    identities: [{ provider: "email", user_id: user?.id, email }],
  });
  expect(user?.email_confirmed_at).toBeTruthy();
});

test("the password is stored as a bcrypt hash only", async () => {
  const { authId } = await createUser();
  const [row] = await asPostgres<{ encrypted_password: string }>(
    "select encrypted_password from auth.users where id = $1",
    [authId],
  );
  expect(row?.encrypted_password).toMatch(/^\$2[aby]\$\d\d\$/);
});

test("a taken address is refused, in upper or lower case", async () => {
  const { email } = await createUser();
  const { error } = await createTestClient().auth.signUp({ email: email.toUpperCase(), password });
  expect(error).toMatchObject({ status: 422, code: "user_already_exists" });
});

test("of two concurrent sign-ups with one address, one is refused", async () => {
  const email = freshEmail();
  const outcomes = await Promise.all(
    [1, 2].map(() => createTestClient().auth.signUp({ email, password })),
  );
  const codes = outcomes.map(({ error }) => error?.code);
  expect(codes.toSorted()).toEqual(["user_already_exists", undefined]);
});

test("a weak password is refused with its reasons", async () => {
  const { error } = await createTestClient().auth.signUp({
    email: freshEmail(),
    password: "12345",
  });
  expect(error).toMatchObject({ status: 422, code: "weak_password", reasons: ["length"] });
});

test.each(["no-at-sign", "two@@example.com", "line\nbreak@example.com", "a@b@c.com"])(
  "%j is refused as an address",
  async (email) => {
    const { error } = await createTestClient().auth.signUp({ email, password });
    expect(error).toMatchObject({ status: 400, code: "validation_failed" });
  },
);

test("metadata that cannot be stored is refused with 400", async () => {
  const { error } = await createTestClient().auth.signUp({
    email: freshEmail(),
    password,
    options: { data: { name: "a\u0000b" } },
  });
  expect(error).toMatchObject({ status: 400, code: "validation_failed" });
});

test("a wrong password and an unknown address get the same refusal", async () => {
  const { email } = await createUser();
  const client = createTestClient();
  const wrong = await client.auth.signInWithPassword({ email, password: "wrong password" });
  const unknown = await client.auth.signInWithPassword({ email: freshEmail(), password });
  expect(wrong.error).toMatchObject({ status: 400, code: "invalid_credentials" });
  expect(unknown.error).toMatchObject({
    status: 400,
    code: "invalid_credentials",
    message: wrong.error?.message,
  });
});

test("a phone number cannot sign up: there is no SMS provider", async () => {
  const { error } = await createTestClient().auth.signUp({ phone: "+15550100", password });
  expect(error?.code).toBe("phone_provider_disabled");
});
