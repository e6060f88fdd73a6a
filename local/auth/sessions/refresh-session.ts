import { AuthError } from "../http/errors.ts";
import { describeSession, type SessionBody } from "./issue-session.ts";
import { type AuthPorts, type Db, inTransaction } from "../http/ports.ts";
import { addRefreshToken } from "./sessions.ts";
import { findUser, refuseBanned } from "../users/users.ts";

/** A replaced token may still be used for this time, because clients may refresh twice at once. */
const REUSE_SECONDS = 10;

interface RefreshToken {
  token: string;
  user_id: string;
  session_id: string;
  revoked: boolean;
  /** True while a replaced token may still be used. */
  is_reusable: boolean;
}

/**
 * Extends a session and replaces its refresh token. The reuse of a replaced token returns the newest token within
 * 10 seconds, or if the newest token was never used. Any other reuse revokes all tokens of the session and rejects.
 * Source: https://supabase.com/docs/guides/auth/sessions#what-is-refresh-token-reuse-detection-and-what-does-it-protect-from
 */
export async function refreshSession(ports: AuthPorts, refreshToken: string): Promise<SessionBody> {
  // The revocation must be committed before the refusal.
  const outcome = await inTransaction(ports.database, (db) => rotate(ports, db, refreshToken));
  if (outcome === "reused") {
    throw new AuthError("refresh_token_already_used", "Invalid Refresh Token: Already Used");
  }
  return outcome;
}

async function rotate(
  ports: AuthPorts,
  db: Db,
  refreshToken: string,
): Promise<SessionBody | "reused"> {
  const token = await lockToken(db, refreshToken);
  const user = token && await findUser(db, "id", token.user_id);
  if (!token || !user) {
    throw new AuthError(
      "refresh_token_not_found",
      "Invalid Refresh Token: Refresh Token Not Found",
    );
  }
  refuseBanned(user, "Invalid Refresh Token: User Banned", 400);
  const next = token.revoked ? await reuse(db, token) : await replace(db, token);
  if (next === null) return "reused";
  const sessionId = token.session_id;
  await db.query(
    "update auth.sessions set refreshed_at = now(), updated_at = now() where id = $1",
    [
      sessionId,
    ],
  );
  return await describeSession(ports, db, user, { sessionId, refreshToken: next });
}

/** Reads a token. Locks its session first, so that concurrent refreshes run one after the other. */
async function lockToken(db: Db, token: string): Promise<RefreshToken | undefined> {
  await db.query(
    `select from auth.sessions s
     where s.id = (select t.session_id from auth.refresh_tokens t where t.token = $1) for update`,
    [token],
  );
  const { rows } = await db.query<RefreshToken>(
    `select t.token, t.user_id, t.session_id, t.revoked,
       t.updated_at > clock_timestamp() - make_interval(secs => $2) as is_reusable
     from auth.refresh_tokens t join auth.sessions s on s.id = t.session_id
     where t.token = $1`,
    [token, REUSE_SECONDS],
  );
  return rows[0];
}

async function replace(db: Db, { token, user_id, session_id }: RefreshToken): Promise<string> {
  await db.query(
    "update auth.refresh_tokens set revoked = true, updated_at = now() where token = $1",
    [token],
  );
  return await addRefreshToken(db, user_id, session_id, token);
}

/**
 * Handles the reuse of a replaced token. After a lost response or a race, returns the session's newest token.
 * Otherwise revokes all tokens of the session and returns null.
 */
async function reuse(db: Db, token: RefreshToken): Promise<string | null> {
  const { rows: [active] } = await db.query<{ token: string; parent: string | null }>(
    "select token, parent from auth.refresh_tokens where session_id = $1 and not revoked",
    [token.session_id],
  );
  if (active && (active.parent === token.token || token.is_reusable)) return active.token;
  await db.query(
    "update auth.refresh_tokens set revoked = true, updated_at = now() where session_id = $1",
    [token.session_id],
  );
  return null;
}
