import { decodeJwt, decodeProtectedHeader } from "jose";
import { expect, test } from "vitest";
import { createTestClient, createUser, must, stack } from "../../helpers/stack.ts";

test("a token carries the claims of a Supabase token", async () => {
  const { accessToken, authId, email } = await createUser({ plan: "gold" });
  const claims = decodeJwt(accessToken);
  expect(decodeProtectedHeader(accessToken)).toMatchObject({
    alg: "ES256",
    kid: expect.any(String),
  });
  expect(claims).toEqual({
    iss: `${stack.API_URL}/auth/v1`,
    aud: "authenticated",
    sub: authId,
    role: "authenticated",
    email,
    phone: "",
    aal: "aal1",
    amr: [{ method: "password", timestamp: expect.any(Number) }],
    session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    is_anonymous: false,
    app_metadata: { provider: "email", providers: ["email"] },
    user_metadata: expect.objectContaining({ plan: "gold", email }),
    iat: expect.any(Number),
    exp: expect.any(Number),
  });
  expect(claims.exp! - claims.iat!).toBe(3600);
});

test("getClaims verifies a token with the published keys, and refuses a forged one", async () => {
  const { client, accessToken, authId } = await createUser();
  const { data } = await client.auth.getClaims();
  expect(data?.claims.sub).toBe(authId);

  const [header, , signature] = accessToken.split(".");
  const payload = { ...decodeJwt(accessToken), role: "service_role" };
  const forged = [header, Buffer.from(JSON.stringify(payload)).toString("base64url"), signature];
  const { error } = await createTestClient().auth.getClaims(forged.join("."));
  expect(error?.message).toMatch(/signature/i);
});

test("a refreshed token carries changed metadata, and keeps how the session began", async () => {
  const { client, accessToken } = await createUser({ theme: "light", old: true });
  must(await client.auth.updateUser({ data: { theme: "dark", old: null } }));
  const { session } = must(await client.auth.refreshSession());
  const [before, after] = [decodeJwt(accessToken), decodeJwt(session!.access_token)];
  expect(after.user_metadata).toMatchObject({ theme: "dark" });
  expect(after.user_metadata).not.toHaveProperty("old");
  expect(after.session_id).toBe(before.session_id);
  expect(after.amr).toEqual(before.amr);
});
