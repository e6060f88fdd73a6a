import { readFile } from "node:fs/promises";
import path from "node:path";
import { decodeJwt, exportSPKI, generateKeyPair, importJWK, type JWTPayload, SignJWT } from "jose";
import { stack, stateDir, type TestUser } from "../../helpers/stack.ts";

const { signingKey, jwtSecret } = JSON.parse(
  await readFile(path.join(stateDir, "keys.json"), "utf8"),
);
const { kid, d: _private, ...publicKey } = signingKey;
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Returns the claims that Auth would sign for a user's sign-in, valid for ten minutes. */
export function claimsOf({ authId, accessToken }: TestUser, more: JWTPayload = {}): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  const iss = `${stack.API_URL}/auth/v1`;
  return {
    sub: authId,
    session_id: decodeJwt(accessToken).session_id,
    role: "authenticated",
    aud: "authenticated",
    iss,
    iat: now,
    exp: now + 600,
    ...more,
  };
}

/** Signs claims with the project's key. */
export async function signAsProject(claims: JWTPayload): Promise<string> {
  const key = await importJWK(signingKey, "ES256");
  return new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid, typ: "JWT" }).sign(key);
}

/** Returns forged tokens for `user`, each with the name of its flaw. */
export async function forgeTokens(user: TestUser): Promise<[flaw: string, token: string][]> {
  const claims = claimsOf(user);
  const es256 = { alg: "ES256", kid, typ: "JWT" };
  const other = await generateKeyPair("ES256");
  const pem = await exportSPKI(
    (await importJWK({ ...publicKey, kty: "EC" }, "ES256")) as CryptoKey,
  );
  const sign = (key: CryptoKey | Uint8Array, header: { alg: string; kid?: string; jku?: string }) =>
    new SignJWT(claims).setProtectedHeader(header).sign(key);
  const secret = (text: string) => new TextEncoder().encode(text);
  const [header, , signature] = user.accessToken.split(".");
  return [
    ["alg none", `${encode({ alg: "none", kid })}.${encode(claims)}.`],
    [
      "alg None, with a signature",
      `${encode({ alg: "None", kid })}.${encode(claims)}.${signature}`,
    ],
    ["HS256 with the public key as PEM", await sign(secret(pem), { alg: "HS256", kid })],
    [
      "HS256 with the public key as JWK",
      await sign(secret(JSON.stringify(publicKey)), { alg: "HS256", kid }),
    ],
    ["HS256 with the inner secret", await sign(secret(jwtSecret), { alg: "HS256" })],
    ["another project's key, our kid", await sign(other.privateKey, es256)],
    ["another project's key, its kid", await sign(other.privateKey, { ...es256, kid: "other" })],
    [
      "another project's key, told where to find it",
      await sign(other.privateKey, { ...es256, jku: "https://evil.example/jwks.json" }),
    ],
    ["expired", await signAsProject(claimsOf(user, { iat: 1, exp: 2 }))],
    ["not valid yet", await signAsProject(claimsOf(user, { nbf: 4_000_000_000 }))],
    [
      "claims changed to service_role",
      `${header}.${encode(claimsOf(user, { role: "service_role" }))}.${signature}`,
    ],
    [
      "claims changed to postgres",
      `${header}.${encode(claimsOf(user, { role: "postgres" }))}.${signature}`,
    ],
    ["no signature", user.accessToken.replace(/[^.]*$/, "")],
    ["no token at all", "garbage"],
  ];
}
