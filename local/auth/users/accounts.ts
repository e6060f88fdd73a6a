import { randomUUID } from "node:crypto";
import { saveIdentity } from "./identities.ts";
import type { Db } from "../http/ports.ts";
import { confirmation, insertUser, type Metadata, updateUser, type User } from "./users.ts";

/** A new user with an e-mail address. */
export interface NewAccount {
  email: string;
  /** Null for a user who has not chosen a password yet. */
  passwordHash: string | null;
  metadata: Metadata;
  /** True when the address needs no confirmation. */
  isConfirmed: boolean;
}

/** Creates a user with an e-mail identity. */
export async function createAccount(db: Db, account: NewAccount): Promise<User> {
  const { email, passwordHash, metadata, isConfirmed } = account;
  const id = randomUUID();
  const user = await insertUser(db, {
    id,
    email,
    encrypted_password: passwordHash,
    email_confirmed_at: isConfirmed ? new Date() : null,
    raw_app_meta_data: { provider: "email", providers: ["email"] },
    raw_user_meta_data: {
      ...metadata,
      sub: id,
      email,
      email_verified: isConfirmed,
      phone_verified: false,
    },
  });
  await saveIdentity(db, user, "email", { ...metadata, sub: id, email });
  return user;
}

/** Marks a user's address as confirmed. */
export async function confirmAccount(db: Db, user: User): Promise<User> {
  await saveIdentity(db, user, "email", { email: user.email, email_verified: true });
  return await updateUser(db, user.id, confirmation(user));
}
