import { proxy } from "hono/proxy";
import { bearerToken } from "./bearer-token.ts";
import type { TokenExchange } from "./tokens.ts";

/** The server of the edge functions. */
export interface FunctionsUpstream {
  /** Returns the base URL, e.g. `http://127.0.0.1:9000`; undefined while the server restarts. */
  address(): string | undefined;
  /** Calls `send` for a process that may answer a request for a function; undefined while the server restarts. */
  answer(name: string, request: Request, send: Send): Promise<Response> | undefined;
  /** Returns true when `verify_jwt` requires a user's token for this function. */
  verifiesJwt(name: string): boolean;
}

/** Forwards a request to the server with this base URL. */
type Send = (base: string) => Promise<Response>;

const PREFIX = "/functions/v1";

/** Forwards a request to the function that its path names. Returns a 503 while the functions restart. */
export async function forwardToFunction(
  upstream: FunctionsUpstream,
  request: Request,
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  // The server has already sent 100 Continue, and fetch does not accept this header.
  const headers = new Headers(request.headers);
  headers.delete("expect");
  const send: Send = (base) =>
    proxy(base + pathname.slice(PREFIX.length) + search, { raw: request, headers });
  try {
    return await upstream.answer(nameOf(pathname), request, send) ?? refuseWhileStarting();
  } catch {
    return refuseWhileStarting();
  }
}

/**
 * Returns a 401, as a hosted project does, when a function requires a user's token and the request has no valid one.
 * Returns null otherwise.
 * Source: https://supabase.com/docs/guides/functions/auth-headers
 */
export async function refuseWithoutUser(
  request: Request,
  { verifiesJwt }: FunctionsUpstream,
  tokens: TokenExchange,
): Promise<Response | null> {
  const name = nameOf(new URL(request.url).pathname);
  // A browser's preflight request carries no token.
  if (request.method === "OPTIONS" || !verifiesJwt(name)) return null;
  const bearer = bearerToken(request.headers);
  if (bearer === undefined) return refuseToken(name, "Missing authorization header");
  try {
    await tokens.fromClient(bearer);
    return null;
  } catch {
    return refuseToken(name, "Invalid JWT");
  }
}

/** Returns the name of the function that a path of the gateway names. */
function nameOf(pathname: string): string {
  return pathname.slice(PREFIX.length).split("/")[1] ?? "";
}

function refuseToken(name: string, message: string): Response {
  const hint = "Send a user's access token as Bearer, or set verify_jwt = false in " +
    `[functions.${name}] of supabase/config.toml.`;
  return Response.json({ code: "unauthorized", message, details: null, hint }, { status: 401 });
}

function refuseWhileStarting(): Response {
  const body = {
    code: "functions_unavailable",
    message: "The functions are restarting.",
    details: null,
    hint: "Try again in a second.",
  };
  return Response.json(body, { status: 503, headers: { "retry-after": "1" } });
}
