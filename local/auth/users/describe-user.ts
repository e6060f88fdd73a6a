import { findIdentities, type Identity } from "./identities.ts";
import type { Db } from "../http/ports.ts";
import type { User } from "./users.ts";

/** Describes a user for clients, without empty times. Source: https://supabase.com/docs/reference/api/auth */
export function describeUser(user: User, identities: Identity[]): Record<string, unknown> {
  return {
    id: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email ?? "",
    phone: user.phone ?? "",
    ...whatIsSet({
      email_confirmed_at: user.email_confirmed_at,
      phone_confirmed_at: user.phone_confirmed_at,
      confirmed_at: user.confirmed_at,
      confirmation_sent_at: user.confirmation_sent_at,
      recovery_sent_at: user.recovery_sent_at,
      reauthentication_sent_at: user.reauthentication_sent_at,
      invited_at: user.invited_at,
      new_email: user.email_change,
      email_change_sent_at: user.email_change_sent_at,
      last_sign_in_at: user.last_sign_in_at,
      banned_until: user.banned_until,
    }),
    app_metadata: user.raw_app_meta_data,
    user_metadata: user.raw_user_meta_data,
    identities: identities.map(describeIdentity),
    created_at: user.created_at,
    updated_at: user.updated_at,
    is_anonymous: user.is_anonymous,
  };
}

/** Reads a user's identities, and describes the user for clients. */
export async function loadDescription(db: Db, user: User): Promise<Record<string, unknown>> {
  return describeUser(user, await findIdentities(db, [user.id]));
}

function describeIdentity(identity: Identity): Record<string, unknown> {
  const { id, provider_id, user_id, identity_data, provider, email } = identity;
  return {
    identity_id: id,
    id: provider_id,
    user_id,
    identity_data,
    provider,
    last_sign_in_at: identity.last_sign_in_at,
    created_at: identity.created_at,
    updated_at: identity.updated_at,
    ...whatIsSet({ email }),
  };
}

function whatIsSet(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}
