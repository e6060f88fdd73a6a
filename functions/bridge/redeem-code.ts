import { isAuthError, type SupabaseClient } from "@supabase/supabase-js";
import type { BridgeSession } from "../../types/api.ts";
import { AppError } from "../_shared/http/errors.ts";
import type { BridgeDatabase, Origin } from "./bridge-database.ts";
import { BridgeRefusal } from "./bridge-refusal.ts";

type Auth = SupabaseClient["auth"];

/** The database, Auth with the secret key, and Auth as any client. */
export interface RedeemPorts {
  db: BridgeDatabase;
  admin: Auth["admin"];
  auth: Auth;
}

/** Exchanges a code for a session of its user. Throws a refusal. `sync_logs` has what became of the code. */
export async function redeemCode(
  ports: RedeemPorts,
  code: string,
  origin: Origin,
): Promise<BridgeSession> {
  const redeemed = await ports.db.redeem(code, origin);
  if (redeemed.refusal !== null) throw new BridgeRefusal(redeemed.refusal);
  const { auth_user_id, email, session_data } = redeemed;
  try {
    return { ...await openSession(ports, auth_user_id, email), session_data };
  } catch (error) {
    const refusal = error instanceof AppError ? error.code : "internal";
    await ports.db.logFailure(auth_user_id, refusal, origin);
    throw error;
  }
}

/**
 * Signs a user in as a magic link does, without sending the mail.
 * Source: https://supabase.com/docs/reference/javascript/auth-admin-generatelink
 */
async function openSession(
  { admin, auth }: RedeemPorts,
  authUserId: string,
  email: string,
): Promise<Omit<BridgeSession, "session_data">> {
  const { properties, user } = unwrapAuth(await admin.generateLink({ type: "magiclink", email }));
  // The email address meanwhile belongs to another login.
  if (user.id !== authUserId) throw new AppError("internal");
  const { session } = unwrapAuth(
    await auth.verifyOtp({ token_hash: properties.hashed_token, type: "magiclink" }),
  );
  if (session?.user.id !== authUserId) throw new AppError("internal");
  const { access_token, refresh_token, token_type, expires_in, expires_at } = session;
  return { access_token, refresh_token, token_type, expires_in, expires_at };
}

type AuthResult = { data: unknown; error: unknown };

function unwrapAuth<R extends AuthResult>(result: R): Extract<R, { error: null }>["data"] {
  const { data, error } = result;
  if (!error) return data;
  if (isAuthError(error) && error.code === "user_banned") {
    throw new BridgeRefusal("account_blocked");
  }
  throw new AppError("internal", { cause: error });
}
