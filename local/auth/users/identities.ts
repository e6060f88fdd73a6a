import { randomUUID } from "node:crypto";
import type { Db } from "../http/ports.ts";
import { type Metadata, updateUser, type User } from "./users.ts";

/** A row of auth.identities. */
export interface Identity {
  id: string;
  provider: string;
  provider_id: string;
  user_id: string;
  identity_data: Metadata;
  email: string | null;
  last_sign_in_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

/** The identity providers of the local stack. */
export type Provider = "email" | "phone";

/** Returns the identities of several users, oldest first. */
export async function findIdentities(db: Db, userIds: string[]): Promise<Identity[]> {
  const { rows } = await db.query<Identity>(
    "select * from auth.identities where user_id = any($1) order by created_at, id",
    [userIds],
  );
  return rows;
}

/** Creates a user's identity of one provider, or merges `data` into the existing one. */
export async function saveIdentity(
  db: Db,
  user: User,
  provider: Provider,
  data: Metadata,
): Promise<void> {
  const first = { sub: user.id, email_verified: false, phone_verified: false, ...data };
  await db.query(
    `insert into auth.identities (id, provider, provider_id, user_id, identity_data, last_sign_in_at)
     values ($1, $2, $3, $4, $5, now())
     on conflict (provider, provider_id)
       do update set identity_data = identities.identity_data || $6, updated_at = now()`,
    [randomUUID(), provider, user.id, user.id, first, data],
  );
}

/** Updates `provider` and `providers` in the app metadata from the identities. */
export async function syncProviders(db: Db, user: User): Promise<User> {
  const providers = (await findIdentities(db, [user.id])).map(({ provider }) => provider);
  return updateUser(db, user.id, {
    raw_app_meta_data: { ...user.raw_app_meta_data, provider: providers[0], providers },
  });
}
