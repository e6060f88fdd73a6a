import * as z from "zod";
import { AuthError } from "../http/errors.ts";
import { issueSession, type SessionBody } from "./issue-session.ts";
import { isPassword } from "../users/passwords.ts";
import { redeemAuthCode } from "./pkce.ts";
import { type AuthPorts, inTransaction } from "../http/ports.ts";
import { readBody, text } from "../http/read-request.ts";
import { refreshSession } from "./refresh-session.ts";
import { findUser, lockUser, refuseBanned } from "../users/users.ts";

const Credentials = z.object({ email: text, phone: text, password: text });
const Refresh = z.object({ refresh_token: text });
const AuthCode = z.object({ auth_code: text, code_verifier: text });

type Grant = (ports: AuthPorts, request: Request) => Promise<SessionBody>;

const GRANTS: Record<string, Grant> = {
  password: signIn,
  refresh_token: refresh,
  pkce: exchangeCode,
};

/** Answers `POST /token?grant_type=` for password, refresh_token and pkce. */
export async function grantToken(ports: AuthPorts, request: Request): Promise<Response> {
  const type = new URL(request.url).searchParams.get("grant_type") ?? "";
  const grant = Object.hasOwn(GRANTS, type) ? GRANTS[type] : undefined;
  if (!grant) throw new AuthError("invalid_credentials", "unsupported_grant_type");
  return Response.json(await grant(ports, request), { headers: { "cache-control": "no-store" } });
}

async function signIn(ports: AuthPorts, request: Request): Promise<SessionBody> {
  const { email, phone, password = "" } = await readBody(request, Credentials);
  if (phone) throw new AuthError("phone_provider_disabled", "Phone logins are disabled");
  if (!email) throw new AuthError("validation_failed", "missing email or phone");
  const user = await findUser(ports.database, "email", email.toLowerCase());
  if (user) refuseBanned(user, "User is banned", 400);
  const isRight = await isPassword(password, user?.encrypted_password);
  if (!user || !isRight) throw wrongCredentials();
  if (!user.email_confirmed_at) {
    throw new AuthError("email_not_confirmed", "Email not confirmed");
  }
  const session = await inTransaction(
    ports.database,
    (db) => issueSession(ports, db, user, "password"),
  );
  return { ...session, weak_password: null };
}

function wrongCredentials(): AuthError {
  return new AuthError("invalid_credentials", "Invalid login credentials");
}

async function refresh(ports: AuthPorts, request: Request): Promise<SessionBody> {
  const { refresh_token: token } = await readBody(request, Refresh);
  if (!token) throw new AuthError("validation_failed", "refresh_token required");
  return await refreshSession(ports, token);
}

async function exchangeCode(ports: AuthPorts, request: Request): Promise<SessionBody> {
  const { auth_code: code, code_verifier: verifier } = await readBody(request, AuthCode);
  if (!code || !verifier) {
    throw new AuthError(
      "validation_failed",
      "invalid request: both auth code and code verifier should be non-empty",
    );
  }
  return await inTransaction(ports.database, async (db) => {
    const { userId, method } = await redeemAuthCode(db, code, verifier);
    const user = await lockUser(db, userId);
    refuseBanned(user);
    return await issueSession(ports, db, user, method);
  });
}
