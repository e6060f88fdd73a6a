import { createCode, hashCode, PKCE_PREFIX } from "./codes.ts";
import { mailCode } from "./mails.ts";
import { type Challenge, saveChallenge } from "../sessions/pkce.ts";
import { type AuthPorts, type Db, inTransaction } from "../http/ports.ts";
import type { SignInMethod } from "../sessions/sessions.ts";
import { updateUser, type User, type UserChanges } from "../users/users.ts";

/** The purpose of a code. A change of address is not among them: it has two codes of its own. */
export type CodePurpose = "signup" | "invite" | "magiclink" | "recovery" | "reauthentication";

/** A code, its stored hash and its user. */
export interface IssuedCode {
  code: string;
  token: string;
  user: User;
}

const COLUMNS: Record<CodePurpose, (token: string, sentAt: Date) => UserChanges> = {
  signup: (token, at) => ({ confirmation_token: token, confirmation_sent_at: at }),
  invite: (token, at) => ({
    confirmation_token: token,
    confirmation_sent_at: at,
    invited_at: at,
  }),
  magiclink: (token, at) => ({ recovery_token: token, recovery_sent_at: at }),
  recovery: (token, at) => ({ recovery_token: token, recovery_sent_at: at }),
  reauthentication: (token, at) => ({
    reauthentication_token: token,
    reauthentication_sent_at: at,
  }),
};

/** The sign-in methods that the PKCE flow records for the links of mails. */
export const METHODS = {
  signup: "email/signup",
  invite: "invite",
  magiclink: "magiclink",
  recovery: "recovery",
  email_change: "email_change",
} as const satisfies Record<string, SignInMethod>;

/** Creates a code and stores its hash. The previous code becomes invalid. */
export async function issueCode(
  db: Db,
  user: User,
  purpose: CodePurpose,
  prefix: "" | typeof PKCE_PREFIX = "",
): Promise<IssuedCode> {
  const code = createCode();
  const token = prefix + hashCode(user.email ?? "", code);
  const changed = await updateUser(db, user.id, COLUMNS[purpose](token, new Date()));
  return { code, token, user: changed };
}

/** Creates a code and mails it to the user's address. */
export async function sendCode(
  ports: AuthPorts,
  user: User,
  purpose: CodePurpose,
  redirectTo: string,
  challenge: Challenge = {},
): Promise<User> {
  const issued = await inTransaction(ports.database, async (db) => {
    const isPkce = purpose !== "reauthentication" &&
      await saveChallenge(db, user.id, METHODS[purpose], challenge);
    return issueCode(db, user, purpose, isPkce ? PKCE_PREFIX : "");
  });
  const { code, token } = issued;
  await mailCode(ports, { purpose, to: user.email ?? "", code, token, redirectTo });
  return issued.user;
}
