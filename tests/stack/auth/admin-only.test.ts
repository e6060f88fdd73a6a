import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { createTestClient, createUser, stack, type TestUser } from "../../helpers/stack.ts";

const id = randomUUID();
const CALLS = [
  ["GET", "/admin/users"],
  ["POST", "/admin/users"],
  ["GET", `/admin/users/${id}`],
  ["PUT", `/admin/users/${id}`],
  ["DELETE", `/admin/users/${id}`],
  ["POST", "/admin/generate_link"],
  ["POST", "/invite"],
] as const;

let user: TestUser;
beforeAll(async () => {
  user = await createUser();
});

async function call(method: string, path: string, headers: Record<string, string>) {
  const response = await fetch(`${stack.API_URL}/auth/v1${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(method === "GET" ? {} : { body: "{}" }),
  });
  return { status: response.status, body: await response.json() };
}

test.each(CALLS)("%s %s is refused to the publishable key", async (method, path) => {
  const answer = await call(method, path, { apikey: stack.PUBLISHABLE_KEY });
  expect(answer).toMatchObject({ status: 403, body: { code: 403, error_code: "not_admin" } });
});

test.each(CALLS)("%s %s is refused to a user, even beside the secret key", async (method, path) => {
  for (const apikey of [stack.PUBLISHABLE_KEY, stack.SECRET_KEY]) {
    const headers = { apikey, authorization: `Bearer ${user.accessToken}` };
    expect(await call(method, path, headers)).toMatchObject({
      status: 403,
      body: { error_code: "not_admin" },
    });
  }
});

test("a user cannot change their own app metadata", async () => {
  const response = await fetch(`${stack.API_URL}/auth/v1/user`, {
    method: "PUT",
    headers: {
      apikey: stack.PUBLISHABLE_KEY,
      authorization: `Bearer ${user.accessToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ app_metadata: { role: "admin" } }),
  });
  expect(response.status).toBe(403);
});

test("metadata given at sign-up changes neither the role nor the app metadata", async () => {
  const { client } = await createUser({ role: "service_role", app_metadata: { admin: true } });
  const { data } = await client.auth.getUser();
  expect(data.user).toMatchObject({
    role: "authenticated",
    app_metadata: { provider: "email", providers: ["email"] },
  });
});

test("the admin API accepts the secret key, as supabase-js sends it", async () => {
  const { data } = await createTestClient(stack.SECRET_KEY).auth.admin.getUserById(user.authId);
  expect(data.user?.id).toBe(user.authId);
});
