import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { draw, drawn } from "../../helpers/matrix.ts";
import { createUser, stack, type TestUser } from "../../helpers/stack.ts";

let user: TestUser;
beforeAll(async () => {
  user = await createUser();
});

const SIZES = { one: 5, sample: 15, full: 40 };

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("\u0000", "\ud800", "'; drop table auth.users; --", "x".repeat(100_000), "%s%n"),
  fc.constantFrom("signup", "email_change_new", "a@example.com", "24h", "__proto__"),
  fc.jsonValue({ maxDepth: 3 }),
);
const KEYS = [
  "email",
  "phone",
  "type",
  "token",
  "token_hash",
  "refresh_token",
  "auth_code",
  "code_verifier",
  "code_challenge",
  "code_challenge_method",
  "data",
  "new_email",
  "redirect_to",
  "role",
  "id",
  "ban_duration",
  "user_metadata",
  "app_metadata",
  "password_hash",
];
const body = fc.dictionary(fc.constantFrom(...KEYS), hostile, { maxKeys: 6 });

test.each([
  ["POST", "/signup"],
  ["POST", "/token?grant_type=password"],
  ["POST", "/token?grant_type=refresh_token"],
  ["POST", "/token?grant_type=pkce"],
  ["POST", "/verify"],
  ["POST", "/recover"],
  ["POST", "/resend"],
  ["PUT", "/user"],
  ["POST", "/invite"],
  ["POST", "/admin/users"],
  ["POST", "/admin/generate_link"],
])(
  "%s %s never answers 5xx, and never shows SQL",
  { ...drawn, timeout: 120_000 },
  async (method, path) => {
    const isAdmin = /admin|invite/.test(path);
    const headers = {
      "content-type": "application/json",
      apikey: isAdmin ? stack.SECRET_KEY : stack.PUBLISHABLE_KEY,
      ...(isAdmin ? {} : { authorization: `Bearer ${user.accessToken}` }),
    };
    const send = async (sent: unknown) => {
      const init = { method, headers, body: JSON.stringify(sent) };
      const response = await fetch(`${stack.API_URL}/auth/v1${path}`, init);
      expect(response.status).toBeLessThan(500);
      if (!response.ok) expect(await response.text()).not.toMatch(/auth\.|invalid byte|syntax/);
    };
    await fc.assert(fc.asyncProperty(body, send), draw(`bodies of ${method} ${path}`, SIZES));
  },
);

test("following a link never answers 5xx, and never shows SQL", drawn, async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", minLength: 1 }), async (token) => {
      const query = new URLSearchParams({ token, type: "recovery", redirect_to: token });
      const link = `${stack.API_URL}/auth/v1/verify?${query}`;
      expect((await fetch(link, { redirect: "manual" })).status).toBe(303);
    }),
    { ...draw("links", SIZES), examples: [["\u0000"], ["pkce_\u0000"], ["\ud800"]] },
  );
});
