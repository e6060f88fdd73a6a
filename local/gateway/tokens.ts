import {
  createLocalJWKSet,
  importJWK,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from "jose";
import type { StackKeys } from "../stack/keys.ts";

/** The only roles that a token may name. The request would run with the rights of any other role, too. */
const ROLES = ["anon", "authenticated", "service_role"];

/**
 * Signs tokens as Supabase does (ES256 with a key id), and converts them to tokens that the app behind the gateway
 * can read (HS256).
 */
export interface TokenExchange {
  /** The public keys, as `/auth/v1/.well-known/jwks.json` serves them. */
  jwks: JSONWebKeySet;
  /** Signs a token for a client and adds the issuer. */
  sign(claims: JWTPayload): Promise<string>;
  /** Converts a client's token to one for the app. Rejects when it is forged, expired or names another role. */
  fromClient(token: string): Promise<string>;
}

/** Reads the claims of a client's token. Rejects when it is forged, expired or names another role. */
export type ReadToken = (token: string) => Promise<JWTPayload>;

/** Creates the reader of tokens that were signed with a key of `jwks`. `issuer` is the URL of the Auth API. */
export function createTokenReader(jwks: JSONWebKeySet, issuer: string): ReadToken {
  const resolveKey = createLocalJWKSet(jwks);
  return async (token) => {
    const { payload } = await jwtVerify(token, resolveKey, { algorithms: ["ES256"], issuer });
    if (!ROLES.includes(String(payload.role))) {
      throw new Error("the token names no role of the API");
    }
    return payload;
  };
}

/** Creates the token exchange for the keys of a state directory. `issuer` is the URL of the Auth API. */
export async function createTokenExchange(keys: StackKeys, issuer: string): Promise<TokenExchange> {
  const { d: _private, ...publicPart } = keys.signingKey;
  const jwks: JSONWebKeySet = {
    keys: [{ ...publicPart, alg: "ES256", use: "sig", key_ops: ["verify"] }],
  };
  const readToken = createTokenReader(jwks, issuer);
  const signingKey = await importJWK(keys.signingKey, "ES256");
  const appSecret = new TextEncoder().encode(keys.jwtSecret);
  const { kid } = keys.signingKey;

  return {
    jwks,
    sign: (claims) =>
      new SignJWT({ ...claims, iss: issuer })
        .setProtectedHeader({ alg: "ES256", typ: "JWT", kid })
        .sign(signingKey),
    async fromClient(token) {
      return new SignJWT(await readToken(token))
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .sign(appSecret);
    },
  };
}
