import * as z from "zod";
import { hashCode, PKCE_PREFIX } from "./codes.ts";
import { parseEmail } from "../users/contacts.ts";
import { AuthError, toAuthError } from "../http/errors.ts";
import { issueSession, type SessionBody } from "../sessions/issue-session.ts";
import { issueAuthCode } from "../sessions/pkce.ts";
import { type AuthPorts, inTransaction } from "../http/ports.ts";
import { readBody, text } from "../http/read-request.ts";
import { requestedRedirect } from "../http/redirects.ts";
import { METHODS } from "./send-code.ts";
import { VERIFICATION_TYPES, type VerificationType, verifyCode } from "./verify-code.ts";

const Verification = z.object({ type: text, token: text, token_hash: text, email: text });

const HALF_DONE =
  "Confirmation link accepted. Please proceed to confirm link sent to the other email";

/** Answers `POST /verify`: exchanges a code and its address, or the hash of a link, for a session. */
export async function verifyByCode(ports: AuthPorts, request: Request): Promise<Response> {
  const params = await readBody(request, Verification);
  const type = parseType(params.type);
  const tokens = acceptedTokens(params);
  const session = await inTransaction(ports.database, async (db) => {
    const user = await verifyCode(db, type, tokens);
    return user && await issueSession(ports, db, user, "otp");
  });
  return Response.json(session ?? { code: "200", msg: HALF_DONE });
}

/** Answers `GET /verify`, the link of a mail. Redirects with a session, a code or an error in the address. */
export async function verifyByLink(ports: AuthPorts, request: Request): Promise<Response> {
  // Mail scanners send HEAD, which must not use up the token.
  if (request.method === "HEAD") {
    throw new AuthError("method_not_allowed", "Method not allowed");
  }
  const query = new URL(request.url).searchParams;
  const token = query.get("token") ?? query.get("token_hash");
  if (!token) {
    throw new AuthError("validation_failed", "Verify requires a token or a token hash");
  }
  const type = parseType(query.get("type"));
  const isPkce = token.startsWith(PKCE_PREFIX);
  const follow = isPkce ? followForCode : followForSession;
  const target = requestedRedirect(request, ports);
  try {
    return redirect(await follow(ports, type, token, target));
  } catch (error) {
    return redirect(withError(target, toAuthError(error, ports.log), isPkce));
  }
}

function parseType(type: string | null | undefined): VerificationType {
  if (!type) throw new AuthError("validation_failed", "Verify requires a verification type");
  const known = VERIFICATION_TYPES.find((each) => each === type);
  if (!known) throw new AuthError("validation_failed", "Invalid email verification type");
  return known;
}

/** Returns the forms in which the token may be stored. A typed code is valid with and without PKCE. */
function acceptedTokens(params: z.infer<typeof Verification>): string[] {
  const { token, token_hash: hash, email } = params;
  if (!token === !hash) {
    throw new AuthError("validation_failed", "Verify requires either a token or a token hash");
  }
  if (hash) {
    if (!email) return [hash];
    throw new AuthError(
      "validation_failed",
      "Only the token_hash and type should be provided",
    );
  }
  const typed = hashCode(parseEmail(email), token ?? "");
  return [typed, PKCE_PREFIX + typed];
}

async function followForSession(
  ports: AuthPorts,
  type: VerificationType,
  token: string,
  target: string,
): Promise<string> {
  return await inTransaction(ports.database, async (db) => {
    const user = await verifyCode(db, type, [token]);
    if (!user) return withFragment(target, { message: HALF_DONE });
    return withFragment(target, sessionParts(await issueSession(ports, db, user, "otp"), type));
  });
}

async function followForCode(
  ports: AuthPorts,
  type: VerificationType,
  token: string,
  target: string,
): Promise<string> {
  const url = new URL(target);
  await inTransaction(ports.database, async (db) => {
    const user = await verifyCode(db, type, [token]);
    if (!user) return url.searchParams.set("message", HALF_DONE);
    const method = METHODS[type === "email" ? "magiclink" : type];
    url.searchParams.set("code", await issueAuthCode(db, user.id, method));
  });
  return url.href;
}

function sessionParts(session: SessionBody, type: string): Record<string, string> {
  return {
    access_token: session.access_token,
    expires_at: String(session.expires_at),
    expires_in: String(session.expires_in),
    refresh_token: session.refresh_token,
    token_type: session.token_type,
    type,
  };
}

/** Adds an error to the target. Clients of the PKCE flow read the query, too. */
function withError(target: string, error: AuthError, isPkce: boolean): string {
  const { code, message, status } = error;
  const parts = new URLSearchParams({
    error: status >= 500 ? "server_error" : "access_denied",
    error_code: code,
    error_description: message,
  });
  const url = new URL(target);
  url.search = isPkce ? parts.toString() : "";
  url.hash = parts.toString();
  return url.href;
}

function withFragment(target: string, parts: Record<string, string>): string {
  return `${target.split("#")[0]}#${new URLSearchParams(parts)}`;
}

function redirect(location: string): Response {
  return new Response(null, { status: 303, headers: { location } });
}
