import * as z from "zod";
import { banEnd } from "./ban-duration.ts";
import { parseEmail, parsePhone } from "./contacts.ts";
import { AuthError } from "../http/errors.ts";
import { hashPassword } from "./passwords.ts";
import { flag, metadata, text } from "../http/read-request.ts";
import type { Metadata } from "./users.ts";

/**
 * The attributes of a user that an admin may send.
 * Source: https://supabase.com/docs/reference/javascript/auth-admin-createuser
 */
export const UserAttributes = z.object({
  id: text,
  role: text,
  email: text,
  phone: text,
  password: text,
  password_hash: text,
  email_confirm: flag,
  phone_confirm: flag,
  user_metadata: metadata,
  app_metadata: metadata,
  ban_duration: text,
});

/** The attributes after validation. Attributes that were not sent are absent. */
export interface AdminAttributes {
  id?: string;
  role?: string;
  email?: string;
  phone?: string;
  passwordHash?: string;
  confirmsEmail: boolean;
  confirmsPhone: boolean;
  userMetadata: Metadata;
  appMetadata: Metadata;
  /** Null lifts a ban. */
  bannedUntil?: Date | null;
}

const BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

/** Validates the attributes that an admin has sent. Rejects with the first mistake. */
export async function parseAttributes(
  sent: z.infer<typeof UserAttributes>,
): Promise<AdminAttributes> {
  const passwordHash = await parsePassword(sent);
  return {
    ...(sent.id ? { id: parseId(sent.id) } : {}),
    ...(sent.role?.trim() ? { role: sent.role.trim() } : {}),
    ...(sent.email ? { email: parseEmail(sent.email) } : {}),
    ...(sent.phone ? { phone: parsePhone(sent.phone) } : {}),
    ...(passwordHash ? { passwordHash } : {}),
    ...(sent.ban_duration ? { bannedUntil: banEnd(sent.ban_duration) } : {}),
    confirmsEmail: sent.email_confirm,
    confirmsPhone: sent.phone_confirm,
    userMetadata: sent.user_metadata ?? {},
    appMetadata: sent.app_metadata ?? {},
  };
}

async function parsePassword(
  { password, password_hash: hash }: z.infer<typeof UserAttributes>,
): Promise<string | undefined> {
  if (password !== undefined && hash) {
    throw new AuthError(
      "validation_failed",
      "Only a password or a password hash should be provided",
    );
  }
  if (hash && !BCRYPT.test(hash)) {
    throw new AuthError("validation_failed", "The password hash is not a bcrypt hash");
  }
  return password === undefined ? hash : await hashPassword(password);
}

function parseId(id: string): string {
  if (!z.guid().safeParse(id).success) {
    throw new AuthError("validation_failed", "ID must conform to the uuid v4 format");
  }
  if (/^[0-]+$/.test(id)) throw new AuthError("validation_failed", "ID cannot be a nil uuid");
  return id;
}
