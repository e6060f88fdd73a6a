import { createMiddleware } from "hono/factory";
import { type StackKeys } from "../stack/keys.ts";
import { bearerToken } from "./bearer-token.ts";
import type { TokenExchange } from "./tokens.ts";

/** Variables that the credentials middleware sets for the routes after it. */
export interface GatewayEnv {
  Variables: {
    /** The request with the credentials that the apps behind the gateway expect. */
    upstream: Request;
  };
}

/** Builds the response to a bad token. Each API has its own form. */
export type RefuseToken = (reason: string) => Response;

/**
 * Requires one of the stack's API keys, and replaces the client's token by a token for the app behind the gateway.
 * As on Supabase, the API key may be in `apikey` alone or in `authorization` too.
 */
export function requireCredentials(keys: StackKeys, tokens: TokenExchange, refuse: RefuseToken) {
  return createMiddleware<GatewayEnv>(async (c, next) => {
    // Hono runs the middleware of `/storage/v1/*` twice for exactly this address. A request has one body.
    if (c.get("upstream")) return await next();
    const headers = new Headers(c.req.raw.headers);
    const bearer = bearerToken(headers);
    const apiKey = headers.get("apikey") ?? c.req.query("apikey") ??
      (isApiKey(bearer) ? bearer : undefined);
    if (!apiKey) return refuseKey("No API key found in request");
    if (apiKey !== keys.publishableKey && apiKey !== keys.secretKey) {
      return refuseKey("Invalid API key");
    }
    if (isSecretInBrowser(c.req.raw, keys)) return refuseSecretInBrowser();

    headers.set("apikey", apiKey);
    headers.delete("authorization");
    if (bearer && !isApiKey(bearer)) {
      try {
        headers.set("authorization", `Bearer ${await tokens.fromClient(bearer)}`);
      } catch (error) {
        return refuse(error instanceof Error ? error.message : "invalid token");
      }
    }
    c.set("upstream", new Request(c.req.raw, { headers }));
    await next();
  });
}

/** Tells a browser by its user agent, as hosted projects do. */
export function isBrowser(userAgent: string | null | undefined): boolean {
  return userAgent?.startsWith("Mozilla/") ?? false;
}

/**
 * Returns true when a browser sends the secret key. Hosted projects refuse such requests, which reveals a key in a web
 * page at once. Source: https://supabase.com/docs/guides/api/api-keys
 */
export function isSecretInBrowser({ headers, url }: Request, { secretKey }: StackKeys): boolean {
  if (!isBrowser(headers.get("user-agent"))) return false;
  const sent = [
    headers.get("apikey"),
    headers.get("authorization")?.replace(/^Bearer\s+/i, ""),
    new URL(url).searchParams.get("apikey"),
  ];
  return sent.includes(secretKey);
}

/** Builds the response to a browser that has sent the secret key. */
export function refuseSecretInBrowser(): Response {
  const hint = "A secret key must never reach a browser. Replace this one.";
  return Response.json({ message: "Secret API keys are refused from browsers", hint }, {
    status: 401,
  });
}

function isApiKey(credential: string | undefined): boolean {
  return credential?.startsWith("sb_") ?? false;
}

function refuseKey(message: string): Response {
  const hint = "Send the publishable or the secret key in the `apikey` header.";
  return Response.json({ message, hint }, { status: 401 });
}

/** Builds PostgREST's error. Source: https://docs.postgrest.org/en/stable/references/errors.html#group-3-jwt */
export const refuseRestToken: RefuseToken = (reason) =>
  Response.json(
    { code: "PGRST301", message: `JWT refused: ${reason}`, details: null, hint: null },
    { status: 401, headers: { "www-authenticate": "Bearer" } },
  );

/** Builds Supabase Auth's error. Source: https://supabase.com/docs/guides/auth/debugging/error-codes */
export const refuseAuthToken: RefuseToken = (reason) =>
  Response.json({ code: 403, error_code: "bad_jwt", msg: `invalid JWT: ${reason}` }, {
    status: 403,
  });
