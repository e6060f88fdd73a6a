import type { Db } from "../http/ports.ts";
import { endSessions } from "../sessions/sessions.ts";
import { updateUser, type User } from "./users.ts";

/** Sets a user's password. Pending codes become invalid, and all sessions except `keepSession` end. */
export async function storePassword(
  db: Db,
  user: User,
  passwordHash: string,
  keepSession: string | null = null,
): Promise<User> {
  await endSessions(db, user.id, keepSession);
  return await updateUser(db, user.id, {
    encrypted_password: passwordHash,
    confirmation_token: null,
    confirmation_sent_at: null,
    recovery_token: null,
    recovery_sent_at: null,
    reauthentication_token: null,
    reauthentication_sent_at: null,
    email_change_token_new: null,
    email_change_token_current: null,
    email_change_sent_at: null,
  });
}
