import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import { freshEmail } from "../../helpers/mail.ts";
import { createTestClient, must } from "../../helpers/stack.ts";

test("an anonymous user has a session without an address", async () => {
  const { session, user } = must(
    await createTestClient().auth.signInAnonymously({ options: { data: { from: "landing" } } }),
  );
  expect(user).toMatchObject({
    is_anonymous: true,
    email: "",
    app_metadata: {},
    user_metadata: { from: "landing" },
    identities: [],
  });
  expect(decodeJwt(session!.access_token)).toMatchObject({
    is_anonymous: true,
    role: "authenticated",
    amr: [{ method: "anonymous" }],
  });
});

test("an anonymous user who gives an address and a password becomes permanent", async () => {
  const client = createTestClient();
  const { user: before } = must(await client.auth.signInAnonymously());
  const [email, password] = [freshEmail(), "correct horse battery"];

  const { user } = must(await client.auth.updateUser({ email, password }));
  expect(user).toMatchObject({ id: before!.id, email, is_anonymous: false });
  const { session } = must(await client.auth.refreshSession());
  expect(decodeJwt(session!.access_token)).toMatchObject({ is_anonymous: false, email });
  expect(must(await client.from("profiles").select("email").single())).toEqual({ email });

  const again = must(await createTestClient().auth.signInWithPassword({ email, password }));
  expect(again.user?.id).toBe(before!.id);
});

test("an anonymous user cannot set a password alone", async () => {
  const client = createTestClient();
  must(await client.auth.signInAnonymously());
  const { error } = await client.auth.updateUser({ password: "correct horse battery" });
  expect(error).toMatchObject({ status: 422, code: "validation_failed" });
});
