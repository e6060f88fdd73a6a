import { proxy } from "hono/proxy";
import type { TokenExchange } from "./tokens.ts";

/** The server of the edge functions. */
export interface FunctionsUpstream {
  /** Base URL, e.g. `http://127.0.0.1:9000`; undefined while the server starts again. */
  address(): string | undefined;
  /** Whether a function takes only requests with a user's token, as `verify_jwt` says. */
  verifiesJwt(name: string): boolean;
}

const PREFIX = "/functions/v1";

/** Forwards a request to the function that its path names; 503 while the functions start again. */
export async function forwardToFunction(
  { address }: FunctionsUpstream,
  request: Request,
): Promise<Response> {
  const base = address();
  if (base === undefined) return refuseWhileStarting();
  const { pathname, search } = new URL(request.url);
  // The server has said 100 Continue already, and fetch refuses to ask for it.
  const headers = new Headers(request.headers);
  headers.delete("expect");
  try {
    return await proxy(base + pathname.slice(PREFIX.length) + search, { raw: request, headers });
  } catch {
    return refuseWhileStarting();
  }
}

/**
 * Answers 401, as a hosted project does, when a function wants a user's token and the request has none; else null.
 * Source: https://supabase.com/docs/guides/functions/auth-headers
 */
export async function refuseWithoutUser(
  request: Request,
  { verifiesJwt }: FunctionsUpstream,
  tokens: TokenExchange,
): Promise<Response | null> {
  const name = new URL(request.url).pathname.slice(PREFIX.length).split("/")[1] ?? "";
  // Browsers ask without a token whether they may send one.
  if (request.method === "OPTIONS" || !verifiesJwt(name)) return null;
  const bearer = request.headers.get("authorization")?.match(/^Bearer\s+(.+)$/i)?.[1];
  if (bearer === undefined) return refuseToken(name, "Missing authorization header");
  try {
    await tokens.fromClient(bearer);
    return null;
  } catch {
    return refuseToken(name, "Invalid JWT");
  }
}

function refuseToken(name: string, message: string): Response {
  const hint = "Send a user's access token as Bearer, or set verify_jwt = false in " +
    `[functions.${name}] of supabase/config.toml.`;
  return Response.json({ code: "unauthorized", message, details: null, hint }, { status: 401 });
}

function refuseWhileStarting(): Response {
  const body = {
    code: "functions_unavailable",
    message: "The functions are starting again.",
    details: null,
    hint: "Try again in a second.",
  };
  return Response.json(body, { status: 503, headers: { "retry-after": "1" } });
}
