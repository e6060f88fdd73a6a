import { createCode, hashCode, PKCE_PREFIX } from "../codes/codes.ts";
import { saveIdentity, syncProviders } from "./identities.ts";
import { mailCode } from "../codes/mails.ts";
import { type Challenge, saveChallenge } from "../sessions/pkce.ts";
import { type AuthPorts, type Db, inTransaction } from "../http/ports.ts";
import { type IssuedCode, METHODS } from "../codes/send-code.ts";
import { confirmation, updateUser, type User } from "./users.ts";

/** Mails a code to the new address, and another to the old address if there is one. Both must be confirmed. */
export async function startEmailChange(
  ports: AuthPorts,
  user: User,
  newEmail: string,
  redirectTo: string,
  challenge: Challenge,
): Promise<User> {
  const isPkce = await inTransaction(
    ports.database,
    (db) => saveChallenge(db, user.id, METHODS.email_change, challenge),
  );
  const codes = [newEmail, ...(user.email ? [user.email] : [])].map((to) => {
    const code = createCode();
    return { to, code, token: (isPkce ? PKCE_PREFIX : "") + hashCode(to, code) };
  });
  const changed = await updateUser(ports.database, user.id, {
    email_change: newEmail,
    email_change_token_new: codes[0]?.token ?? null,
    email_change_token_current: codes[1]?.token ?? null,
    email_change_sent_at: new Date(),
    email_change_confirm_status: 0,
  });
  for (const mail of codes) {
    await mailCode(ports, { purpose: "email_change", ...mail, redirectTo });
  }
  return changed;
}

/** Creates the code of one of the two addresses. An admin passes it on. */
export async function issueEmailChangeCode(
  db: Db,
  user: User,
  newEmail: string,
  half: "email_change_current" | "email_change_new",
): Promise<IssuedCode> {
  const code = createCode();
  const isNew = half === "email_change_new";
  const token = hashCode(isNew ? newEmail : user.email ?? "", code);
  const changed = await updateUser(db, user.id, {
    email_change: newEmail,
    email_change_sent_at: new Date(),
    email_change_confirm_status: 0,
    ...(isNew ? { email_change_token_new: token } : { email_change_token_current: token }),
  });
  return { code, token, user: changed };
}

/**
 * Records the confirmation of one address. Returns null while the other address is not confirmed.
 * Source: `double_confirm_changes` in https://supabase.com/docs/guides/local-development/cli/config
 */
export async function confirmEmailChange(db: Db, user: User, token: string): Promise<User | null> {
  if (user.email && user.email_change_confirm_status === 0) {
    const isCurrent = token === user.email_change_token_current;
    await updateUser(db, user.id, {
      email_change_confirm_status: 1,
      ...(isCurrent ? { email_change_token_current: null } : { email_change_token_new: null }),
    });
    return null;
  }
  return await applyEmailChange(db, user, user.email_change ?? "");
}

/** Changes a user's address to a confirmed one. An anonymous user becomes a permanent user. */
export async function applyEmailChange(db: Db, user: User, email: string): Promise<User> {
  const isFirst = !user.email_confirmed_at;
  await saveIdentity(db, user, "email", { email, email_verified: true });
  const changed = await updateUser(db, user.id, {
    email,
    email_change: null,
    email_change_token_new: null,
    email_change_token_current: null,
    email_change_confirm_status: 0,
    recovery_token: null,
    is_anonymous: false,
    ...(isFirst ? confirmation(user) : {}),
  });
  return await syncProviders(db, changed);
}
