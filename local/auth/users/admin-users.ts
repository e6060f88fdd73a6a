import { confirmAccount } from "./accounts.ts";
import type { AdminAttributes } from "./admin-attributes.ts";
import { saveIdentity } from "./identities.ts";
import type { Db } from "../http/ports.ts";
import { storePassword } from "./store-password.ts";
import { insertUser, lockUser, mergeMetadata, updateUser, type User } from "./users.ts";

/** Creates the user that an admin describes. */
export async function createUser(db: Db, attributes: AdminAttributes): Promise<User> {
  const { id, role, email, phone, passwordHash, confirmsEmail, confirmsPhone } = attributes;
  const providers = [...(email ? ["email"] : []), ...(phone ? ["phone"] : [])];
  const user = await insertUser(db, {
    ...(id ? { id } : {}),
    ...(role ? { role } : {}),
    email: email ?? null,
    phone: phone ?? null,
    encrypted_password: passwordHash ?? null,
    phone_confirmed_at: phone && confirmsPhone ? new Date() : null,
    banned_until: attributes.bannedUntil ?? null,
    raw_app_meta_data: mergeMetadata(
      { provider: providers[0], providers },
      attributes.appMetadata,
    ),
    raw_user_meta_data: mergeMetadata({}, attributes.userMetadata),
  });
  if (phone) await saveIdentity(db, user, "phone", { phone, phone_verified: confirmsPhone });
  if (!email) return user;
  await saveIdentity(db, user, "email", { email });
  return confirmsEmail ? await confirmAccount(db, user) : user;
}

/** Applies an admin's changes to a user. Rejects when the user does not exist. */
export async function changeUser(db: Db, id: string, attributes: AdminAttributes): Promise<User> {
  let user = await lockUser(db, id);
  const { email, phone, passwordHash, bannedUntil, confirmsEmail, confirmsPhone } = attributes;
  if (passwordHash) user = await storePassword(db, user, passwordHash);
  if (phone) await saveIdentity(db, user, "phone", { phone, phone_verified: confirmsPhone });
  if (email) await saveIdentity(db, user, "email", { email, email_verified: confirmsEmail });
  const becomesPermanent = (email && confirmsEmail) || (phone && confirmsPhone);
  user = await updateUser(db, id, {
    ...(attributes.role ? { role: attributes.role } : {}),
    ...(email ? { email } : {}),
    ...(phone ? { phone } : {}),
    ...(confirmsPhone ? { phone_confirmed_at: new Date() } : {}),
    ...(bannedUntil === undefined ? {} : { banned_until: bannedUntil }),
    ...(becomesPermanent ? { is_anonymous: false } : {}),
    raw_app_meta_data: mergeMetadata(user.raw_app_meta_data, attributes.appMetadata),
    raw_user_meta_data: mergeMetadata(user.raw_user_meta_data, attributes.userMetadata),
  });
  return confirmsEmail && user.email ? await confirmAccount(db, user) : user;
}
