import { randomBytes, randomUUID } from "node:crypto";
import type { Db } from "../http/ports.ts";

/** The sign-in method of a session: the `amr` of its tokens, also after a refresh. */
export type SignInMethod =
  | "password"
  | "otp"
  | "anonymous"
  | "magiclink"
  | "recovery"
  | "invite"
  | "email/signup"
  | "email_change";

/** One entry of the `amr` claim. Source: https://supabase.com/docs/guides/auth/jwt-fields */
export interface SignInReference {
  method: string;
  /** Unix seconds. */
  timestamp: number;
}

/** A session and its refresh token. */
export interface SessionTokens {
  sessionId: string;
  refreshToken: string;
}

/** Starts a session. */
export async function createSession(
  db: Db,
  userId: string,
  method: SignInMethod,
): Promise<SessionTokens> {
  const sessionId = randomUUID();
  await db.query("insert into auth.sessions (id, user_id, aal) values ($1, $2, 'aal1')", [
    sessionId,
    userId,
  ]);
  await db.query(
    "insert into auth.mfa_amr_claims (session_id, authentication_method) values ($1, $2)",
    [sessionId, method],
  );
  return { sessionId, refreshToken: await addRefreshToken(db, userId, sessionId) };
}

/** Adds a refresh token to a session. `parent` is the replaced token. */
export async function addRefreshToken(
  db: Db,
  userId: string,
  sessionId: string,
  parent: string | null = null,
): Promise<string> {
  const token = randomBytes(16).toString("base64url");
  await db.query(
    "insert into auth.refresh_tokens (id, token, user_id, session_id, parent) values ($1, $2, $3, $4, $5)",
    [randomUUID(), token, userId, sessionId, parent],
  );
  return token;
}

/** Returns the sign-in methods of a session, newest first. */
export async function findSignInReferences(db: Db, sessionId: string): Promise<SignInReference[]> {
  const { rows } = await db.query<SignInReference>(
    `select authentication_method as method, extract(epoch from created_at)::integer as timestamp
     from auth.mfa_amr_claims where session_id = $1 order by created_at desc`,
    [sessionId],
  );
  return rows;
}

/** Returns true until the session ends. */
export async function hasSession(db: Db, sessionId: string): Promise<boolean> {
  const { rowCount } = await db.query("select from auth.sessions where id = $1", [sessionId]);
  return rowCount === 1;
}

/** Ends one session. */
export async function endSession(db: Db, sessionId: string): Promise<void> {
  await db.query("delete from auth.sessions where id = $1", [sessionId]);
}

/** Ends all sessions of a user except `keep`. */
export async function endSessions(db: Db, userId: string, keep?: string | null): Promise<void> {
  await db.query(
    "delete from auth.sessions where user_id = $1 and id is distinct from $2::uuid",
    [userId, keep ?? null],
  );
}
