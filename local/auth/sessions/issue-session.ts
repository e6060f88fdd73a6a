import { loadDescription } from "../users/describe-user.ts";
import type { AuthPorts, Db } from "../http/ports.ts";
import {
  createSession,
  findSignInReferences,
  type SessionTokens,
  type SignInMethod,
} from "./sessions.ts";
import { updateUser, type User } from "../users/users.ts";

const LIFETIME_SECONDS = 3600;

/** The response to a sign-in or a refresh. */
export interface SessionBody {
  access_token: string;
  token_type: "bearer";
  expires_in: number;
  /** Unix seconds. */
  expires_at: number;
  refresh_token: string;
  user: Record<string, unknown>;
  /** Only after a sign-in with a password. Null: the password is not weak. */
  weak_password?: null;
}

/** Starts a session of a user and describes it for the client. */
export async function issueSession(
  ports: AuthPorts,
  db: Db,
  user: User,
  method: SignInMethod,
): Promise<SessionBody> {
  const signedIn = await updateUser(db, user.id, { last_sign_in_at: new Date() });
  return await describeSession(ports, db, signedIn, await createSession(db, user.id, method));
}

/** Builds the response with a session's tokens. */
export async function describeSession(
  ports: AuthPorts,
  db: Db,
  user: User,
  { sessionId, refreshToken }: SessionTokens,
): Promise<SessionBody> {
  const issuedAt = Math.floor(Date.now() / 1000);
  const expiresAt = issuedAt + LIFETIME_SECONDS;
  const accessToken = await ports.signToken({
    iat: issuedAt,
    exp: expiresAt,
    ...userClaims(user),
    aal: "aal1",
    amr: await findSignInReferences(db, sessionId),
    session_id: sessionId,
  });
  return {
    access_token: accessToken,
    token_type: "bearer",
    expires_in: LIFETIME_SECONDS,
    expires_at: expiresAt,
    refresh_token: refreshToken,
    user: await loadDescription(db, user),
  };
}

/** Builds the claims about a user. Source: https://supabase.com/docs/guides/auth/jwt-fields */
function userClaims(user: User): Record<string, unknown> {
  return {
    aud: user.aud,
    sub: user.id,
    email: user.email ?? "",
    phone: user.phone ?? "",
    role: user.role,
    is_anonymous: user.is_anonymous,
    app_metadata: user.raw_app_meta_data,
    user_metadata: user.raw_user_meta_data,
  };
}
