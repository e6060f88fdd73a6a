import { confirmAccount } from "../users/accounts.ts";
import { confirmEmailChange } from "../users/change-email.ts";
import { isFresh } from "./codes.ts";
import { AuthError } from "../http/errors.ts";
import type { Db } from "../http/ports.ts";
import {
  lockUserByToken,
  refuseBanned,
  type TokenColumn,
  updateUser,
  type User,
} from "../users/users.ts";

/** The types of a verification. `email` matches the code of a sign-up, an invitation, a magic link or a recovery. */
export const VERIFICATION_TYPES = [
  "signup",
  "invite",
  "magiclink",
  "recovery",
  "email_change",
  "email",
] as const;
export type VerificationType = typeof VERIFICATION_TYPES[number];

const SENT_AT = {
  confirmation_token: "confirmation_sent_at",
  recovery_token: "recovery_sent_at",
  email_change_token_current: "email_change_sent_at",
  email_change_token_new: "email_change_sent_at",
} as const satisfies Record<TokenColumn, keyof User>;

const COLUMNS: Record<VerificationType, TokenColumn[]> = {
  signup: ["confirmation_token"],
  invite: ["confirmation_token"],
  magiclink: ["recovery_token"],
  recovery: ["recovery_token"],
  email_change: ["email_change_token_current", "email_change_token_new"],
  email: ["confirmation_token", "recovery_token"],
};

/**
 * Redeems a mailed token and carries out its purpose. `tokens` are the forms in which it may be stored. Returns null
 * when a change of address needs a second confirmation. Rejects when the token is unknown or expired.
 */
export async function verifyCode(
  db: Db,
  type: VerificationType,
  tokens: string[],
): Promise<User | null> {
  for (const column of COLUMNS[type]) {
    const user = await lockUserByToken(db, column, tokens);
    if (!user) continue;
    refuseBanned(user);
    if (isFresh(user[SENT_AT[column]])) return await complete(db, user, column);
  }
  throw new AuthError("otp_expired", "Token has expired or is invalid");
}

async function complete(db: Db, user: User, column: TokenColumn): Promise<User | null> {
  switch (column) {
    case "confirmation_token":
      return await confirmAccount(db, user);
    case "recovery_token": {
      const used = await updateUser(db, user.id, { recovery_token: null });
      return user.email_confirmed_at ? used : await confirmAccount(db, used);
    }
    default:
      return await confirmEmailChange(db, user, user[column] ?? "");
  }
}
