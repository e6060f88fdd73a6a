import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { decodeProtectedHeader, generateKeyPair, importJWK, type JWTPayload, SignJWT } from "jose";
import { expect, test } from "vitest";
import {
  createTestClient,
  createUser,
  must,
  stack,
  stateDir,
  type TestUser,
} from "../../helpers/stack.ts";

const user = await createUser();
const keys = JSON.parse(await readFile(path.join(stateDir, "keys.json"), "utf8"));
const { kid } = keys.signingKey;

function claims(of: TestUser, more: JWTPayload = {}): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return {
    sub: of.authId,
    role: "authenticated",
    aud: "authenticated",
    iss: `${stack.API_URL}/auth/v1`,
    iat: now,
    exp: now + 600,
    ...more,
  };
}

async function readProfiles(token: string): Promise<Response> {
  const headers = { apikey: stack.PUBLISHABLE_KEY, authorization: `Bearer ${token}` };
  return await fetch(`${stack.API_URL}/rest/v1/profiles?select=id`, { headers });
}

async function sign(payload: JWTPayload): Promise<string> {
  const key = await importJWK(keys.signingKey, "ES256");
  return new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid }).sign(key);
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

test("a token signed as below, but without a flaw, is accepted", async () => {
  const response = await readProfiles(await sign(claims(user)));

  expect(response.status).toBe(200);
  expect(await response.json()).toEqual([{ id: user.profileId }]);
});

test.for<[string, () => string | Promise<string>]>([
  [
    "without a signature (alg none)",
    () => `${encode({ alg: "none", kid })}.${encode(claims(user))}.`,
  ],
  [
    "signed with the public key as a secret",
    () =>
      new SignJWT(claims(user)).setProtectedHeader({ alg: "HS256", kid })
        .sign(new TextEncoder().encode(JSON.stringify(keys.signingKey.x))),
  ],
  ["of the inner HS256 secret", () =>
    new SignJWT(claims(user)).setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(keys.jwtSecret))],
  ["of another key", async () =>
    new SignJWT(claims(user)).setProtectedHeader({ alg: "ES256", kid })
      .sign((await generateKeyPair("ES256")).privateKey)],
  ["for role postgres", () => sign(claims(user, { role: "postgres" }))],
  ["for role supabase_admin", () => sign(claims(user, { role: "supabase_admin" }))],
  ["for no role", () => sign(claims(user, { role: undefined }))],
  ["of another issuer", () => sign(claims(user, { iss: "https://evil.example" }))],
  ["that has expired", () => sign(claims(user, { exp: 1 }))],
  ["with changed claims", () => {
    const [header, , signature] = user.accessToken.split(".");
    return `${header}.${encode(claims(user, { role: "service_role" }))}.${signature}`;
  }],
  ["that is random text", () => "garbage"],
])("a token %s is refused", async ([, make]) => {
  const response = await readProfiles(await make());

  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ code: "PGRST301" });
});

test("the client verifies a token itself with the JWKS", async () => {
  expect(decodeProtectedHeader(user.accessToken)).toMatchObject({ alg: "ES256", kid });

  const verified = must(await user.client.auth.getClaims());

  expect(verified?.claims).toMatchObject({
    sub: user.authId,
    role: "authenticated",
    email: user.email,
    aal: "aal1",
    is_anonymous: false,
    iss: `${stack.API_URL}/auth/v1`,
  });
});

test("the published keys have no private part", async () => {
  const response = await fetch(`${stack.API_URL}/auth/v1/.well-known/jwks.json`);
  const { keys: published } = await response.json();

  expect(published).toHaveLength(1);
  expect(published[0]).not.toHaveProperty("d");
});

test.for<[string, Record<string, string>]>([
  ["no key", {}],
  ["a wrong key", { apikey: "sb_publishable_wrong" }],
])("%s is answered 401", async ([, headers]) => {
  const response = await fetch(`${stack.API_URL}/rest/v1/assistants`, { headers });

  expect(response.status).toBe(401);
});

test("the secret key reads all rows, the publishable key none", async () => {
  const admin = createTestClient(stack.SECRET_KEY);
  const found = must(await admin.from("profiles").select("id").eq("id", user.profileId));

  expect(found).toEqual([{ id: user.profileId }]);
  expect((await createTestClient().from("profiles").select("id")).error?.code).toBe("42501");
});

test("only their owner can read the private keys", async () => {
  const { mode } = await stat(path.join(stateDir, "keys.json"));

  expect(mode & 0o077).toBe(0);
});
