import { beforeAll, expect, test } from "vitest";
import { createUser, stack, type TestUser } from "../../helpers/stack.ts";

const url = (path: string) => `${stack.API_URL}/auth/v1${path}`;
const apikey = stack.PUBLISHABLE_KEY;

let user: TestUser;
beforeAll(async () => {
  user = await createUser();
});

test("a browser may send the headers of supabase-js", async () => {
  const wanted = "apikey,authorization,content-type,x-client-info,x-supabase-api-version";
  const response = await fetch(url("/token?grant_type=password"), {
    method: "OPTIONS",
    headers: {
      origin: "http://localhost:5173",
      "access-control-request-method": "POST",
      "access-control-request-headers": wanted,
    },
  });
  expect(response.status).toBe(204);
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  expect(response.headers.get("access-control-allow-methods")).toContain("PUT");
  expect(response.headers.get("access-control-allow-headers")).toBe(wanted);
});

test("a browser may read errors and pages", async () => {
  const response = await fetch(url("/settings"), {
    headers: { apikey, origin: "http://localhost:5173" },
  });
  const exposed = response.headers.get("access-control-expose-headers");
  for (const name of ["x-supabase-api-version", "x-total-count", "link"]) {
    expect(exposed).toContain(name);
  }
});

test("an unknown route is not found, in JSON", async () => {
  for (const path of ["/no-such-route", "/", "/constructor", "/userx"]) {
    const response = await fetch(url(path), { headers: { apikey } });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 404, error_code: "not_found" });
  }
});

test("a wrong method is refused with the allowed ones", async () => {
  const response = await fetch(url("/user"), { method: "PATCH", headers: { apikey }, body: "{}" });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("GET, PUT");
});

test("HEAD answers as GET, without a body", async () => {
  const response = await fetch(url("/settings"), { method: "HEAD", headers: { apikey } });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("");
});

test.each([
  ["POST", "/signup"],
  ["POST", "/token?grant_type=password"],
  ["POST", "/token?grant_type=refresh_token"],
  ["POST", "/token?grant_type=pkce"],
  ["POST", "/verify"],
  ["POST", "/recover"],
  ["POST", "/otp"],
  ["POST", "/magiclink"],
  ["POST", "/resend"],
  ["PUT", "/user"],
])("%s %s refuses malformed bodies in Auth's own form", async (method, path) => {
  const bodies = [
    "",
    "{",
    "null",
    "[]",
    '"x"',
    "7",
    '{"email":5,"type":5,"refresh_token":5,"auth_code":5}',
  ];
  for (const body of bodies) {
    const response = await fetch(url(path), {
      method,
      headers: {
        apikey,
        authorization: `Bearer ${user.accessToken}`,
        "content-type": "application/json",
      },
      body,
    });
    expect(response.status, `body ${body}`).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 400,
      error_code: "bad_json",
      msg: expect.any(String),
    });
  }
});

test.each([
  ["POST", "/admin/users"],
  ["POST", "/invite"],
  ["POST", "/admin/generate_link"],
])("%s %s refuses malformed bodies with the secret key, too", async (method, path) => {
  const response = await fetch(url(path), {
    method,
    headers: { apikey: stack.SECRET_KEY, "content-type": "application/json" },
    body: "{",
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error_code: "bad_json" });
});

test("a client that asks for the dated API version gets its error format", async () => {
  const response = await fetch(url("/token?grant_type=password"), {
    method: "POST",
    headers: { apikey, "x-supabase-api-version": "2024-01-01", "content-type": "application/json" },
    body: JSON.stringify({ email: user.email, password: "wrong" }),
  });
  expect(response.headers.get("x-supabase-api-version")).toBe("2024-01-01");
  expect(await response.json()).toEqual({
    code: "invalid_credentials",
    message: "Invalid login credentials",
  });
});

test("an unknown grant, a missing token and a wrong scope are bad requests", async () => {
  const headers = { apikey, "content-type": "application/json" };
  const grant = await fetch(url("/token?grant_type=__proto__"), {
    method: "POST",
    headers,
    body: "{}",
  });
  expect(grant.status).toBe(400);
  expect((await fetch(url("/user"), { headers })).status).toBe(401);
  const scope = await fetch(url("/logout?scope=all"), {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${user.accessToken}` },
  });
  expect(scope.status).toBe(400);
});
