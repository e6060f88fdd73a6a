import { decodeJwt } from "jose";
import * as z from "zod";
import { bearerToken } from "../../gateway/bearer-token.ts";
import { AuthError } from "./errors.ts";
import type { AuthPorts } from "./ports.ts";
import { hasSession } from "../sessions/sessions.ts";
import { findUser, refuseBanned, type User } from "../users/users.ts";

/** Text that may be missing or null. */
export const text = z.string().nullish().transform((value) => value ?? undefined);
/** A switch that may be missing or null. */
export const flag = z.boolean().nullish().transform((value) => value ?? false);
/** Metadata that may be missing or null. */
export const metadata = z.record(z.string(), z.unknown()).nullish()
  .transform((value) => value ?? undefined);
/** The fields that a client of the PKCE flow adds to a request for a mail. */
export const challenge = { code_challenge: text, code_challenge_method: text };

/** Parses the JSON body of a request. Rejects when it is not JSON or does not match the schema. */
export async function readBody<S extends z.ZodType>(
  request: Request,
  schema: S,
): Promise<z.infer<S>> {
  const body = schema.safeParse(await request.json().catch(() => undefined));
  if (body.success) return body.data;
  const [issue] = body.error.issues;
  const place = issue?.path.join(".") || "the body";
  throw new AuthError(
    "bad_json",
    `Could not parse request body as JSON: ${place}: ${issue?.message}`,
  );
}

const Claims = z.object({
  sub: z.guid(),
  role: z.string().optional(),
  session_id: z.guid().optional(),
});

/** The user and the session of a request. */
export interface Caller {
  user: User;
  sessionId: string | null;
}

/** Returns the user whose token a request has. Rejects when there is no token or its session has ended. */
export async function requireUser(ports: AuthPorts, request: Request): Promise<Caller> {
  const token = bearerToken(request.headers);
  if (!token) {
    throw new AuthError("no_authorization", "This endpoint requires a valid Bearer token");
  }
  const claims = Claims.safeParse(decodeJwt(token));
  if (!claims.success) throw new AuthError("bad_jwt", "invalid claim: missing sub claim");
  const { sub, session_id: sessionId = null } = claims.data;
  const user = await findUser(ports.database, "id", sub);
  if (!user) {
    throw new AuthError("user_not_found", "User from sub claim in JWT does not exist", {
      status: 403,
    });
  }
  if (sessionId && !await hasSession(ports.database, sessionId)) {
    throw new AuthError(
      "session_not_found",
      "Session from session_id claim in JWT does not exist",
    );
  }
  refuseBanned(user);
  return { user, sessionId };
}

/** Throws unless the request has the secret key and no token of a user. The gateway has verified the token. */
export function requireAdmin(ports: AuthPorts, request: Request): void {
  const token = bearerToken(request.headers);
  const isAdmin = token
    ? decodeJwt(token).role === "service_role"
    : request.headers.get("apikey") === ports.secretKey;
  if (!isAdmin) throw new AuthError("not_admin", "User not allowed");
}
