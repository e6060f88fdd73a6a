import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { freshEmail } from "../../helpers/mail.ts";
import {
  asPostgres,
  createTestClient,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";

const { admin } = createTestClient(stack.SECRET_KEY).auth;
const password = "correct horse battery";
let ada: TestUser;

beforeAll(async () => {
  ada = await createUser({ likes: "tea", old: true });
});

test("an admin creates a user who can sign in", async () => {
  const [id, email] = [randomUUID(), freshEmail()];
  const { user } = must(
    await admin.createUser({
      id,
      email,
      password,
      email_confirm: true,
      user_metadata: { user_name: "Grace" },
      app_metadata: { plan: "gold" },
    }),
  );
  expect(user).toMatchObject({
    id,
    email,
    role: "authenticated",
    app_metadata: { provider: "email", providers: ["email"], plan: "gold" },
    user_metadata: { user_name: "Grace", email_verified: true },
  });
  const { session } = must(await createTestClient().auth.signInWithPassword({ email, password }));
  expect(session?.user.id).toBe(id);
  const rows = await asPostgres("select user_name from public.profiles where auth_id = $1", [id]);
  expect(rows).toEqual([{ user_name: "Grace" }]);
});

test("a user whose address is not confirmed cannot sign in by password", async () => {
  const email = freshEmail();
  const { user } = must(await admin.createUser({ email, password }));
  expect(user?.email_confirmed_at).toBeUndefined();
  const { error } = await createTestClient().auth.signInWithPassword({ email, password });
  expect(error).toMatchObject({ status: 400, code: "email_not_confirmed" });
});

test("a user may have a phone number only", async () => {
  const phone = `1555${Math.floor(Math.random() * 1e9)}`;
  const { user } = must(await admin.createUser({ phone: `+${phone}`, phone_confirm: true }));
  expect(user).toMatchObject({ phone, email: "", app_metadata: { provider: "phone" } });
  const { error } = await admin.createUser({ phone });
  expect(error).toMatchObject({ status: 422, code: "phone_exists" });
});

test.each([
  ["no address", { password }, 400, "validation_failed"],
  ["a bad address", { email: "nobody" }, 400, "validation_failed"],
  ["a weak password", { email: freshEmail(), password: "12345" }, 422, "weak_password"],
  ["a bad id", { email: freshEmail(), id: "7" }, 400, "validation_failed"],
  ["a bad ban", { email: freshEmail(), ban_duration: "1 day" }, 400, "validation_failed"],
  ["a role too long", { email: freshEmail(), role: "r".repeat(300) }, 400, "validation_failed"],
])("%s is refused", async (_, attributes, status, code) => {
  const { error } = await admin.createUser(attributes);
  expect(error).toMatchObject({ status, code });
});

test("an address that belongs to another account is refused, both for a new user and for a change", async () => {
  const { email } = await createUser();
  const created = await admin.createUser({ email: email.toUpperCase() });
  expect(created.error).toMatchObject({ status: 422, code: "email_exists" });
  const changed = await admin.updateUserById(ada.authId, { email });
  expect(changed.error).toMatchObject({ status: 422, code: "email_exists" });
  expect(changed.error?.message).not.toMatch(/constraint|duplicate key/);
});

test("metadata is merged, and null removes a key", async () => {
  const { user } = must(
    await admin.updateUserById(ada.authId, {
      user_metadata: { likes: "coffee", old: null },
      app_metadata: { plan: "gold" },
    }),
  );
  expect(user?.user_metadata).toMatchObject({ likes: "coffee", email: ada.email });
  expect(user?.user_metadata).not.toHaveProperty("old");
  expect(user?.app_metadata).toEqual({ provider: "email", providers: ["email"], plan: "gold" });
});

test("a new address applies at once, also in the profile", async () => {
  const user = await createUser();
  const email = freshEmail();
  const changed = must(await admin.updateUserById(user.authId, { email, email_confirm: true }));
  expect(changed.user).toMatchObject({ email, identities: [{ email }] });
  expect(must(await user.client.from("profiles").select("email").single())).toEqual({ email });
});

test("a password set by an admin ends every session", async () => {
  const user = await createUser();
  must(await admin.updateUserById(user.authId, { password }));
  const { error } = await user.client.auth.refreshSession();
  expect(error?.code).toBe("refresh_token_not_found");
  const { session } = must(
    await createTestClient().auth.signInWithPassword({ email: user.email, password }),
  );
  expect(session?.user.id).toBe(user.authId);
});

test("a deleted user is removed for good, and their profile is anonymized", async () => {
  const user = await createUser();
  must(await admin.deleteUser(user.authId));
  expect((await admin.getUserById(user.authId)).error).toMatchObject({ code: "user_not_found" });
  const rows = await asPostgres("select email, is_deleted from public.profiles where id = $1", [
    user.profileId,
  ]);
  expect(rows).toEqual([{ email: null, is_deleted: true }]);
});

test("soft deletion is refused and deletes nothing", async () => {
  const { error } = await admin.deleteUser(ada.authId, true);
  expect(error).toMatchObject({ status: 400, code: "validation_failed" });
  expect(must(await admin.getUserById(ada.authId)).user?.email).toBe(ada.email);
});

test("no call finds an unknown id", async () => {
  const id = randomUUID();
  for (
    const call of [
      admin.getUserById(id),
      admin.updateUserById(id, { password }),
      admin.deleteUser(id),
    ]
  ) {
    expect((await call).error).toMatchObject({ status: 404, code: "user_not_found" });
  }
});

test("an id that is not a UUID is not found either", async () => {
  const response = await fetch(`${stack.API_URL}/auth/v1/admin/users/7%27--`, {
    headers: { apikey: stack.SECRET_KEY },
  });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: 404, error_code: "user_not_found" });
});
