import { randomUUID } from "node:crypto";
import * as z from "zod";
import { AuthError } from "../http/errors.ts";
import { type AuthPorts, inTransaction } from "../http/ports.ts";

/** The SQL function that `[auth.hook.before_user_created]` in supabase/config.toml names. */
export const SIGN_UP_HOOK = { schema: "private", name: "limit_sign_ups" };

const Answer = z.object({
  error: z.object({ http_code: z.number().default(500), message: z.string() }).optional(),
});

/** What the hook learns about the new user. */
interface Candidate {
  email?: string;
  isAnonymous?: boolean;
}

/**
 * Calls the hook before a user is created, outside the transaction that creates the user. Throws the hook's refusal
 * with its status. Sources: https://supabase.com/docs/guides/auth/auth-hooks/before-user-created-hook and, for the
 * error, https://github.com/supabase/auth/blob/master/internal/hooks/hookerrors/hookerrors.go
 */
export async function askSignUpHook(
  { database }: AuthPorts,
  request: Request,
  { email = "", isAnonymous = false }: Candidate,
): Promise<void> {
  const event = {
    metadata: {
      uuid: randomUUID(),
      time: new Date().toISOString(),
      name: "before-user-created",
      ip_address: clientAddress(request),
    },
    user: { id: randomUUID(), aud: "authenticated", email, phone: "", is_anonymous: isAnonymous },
  };
  const { error } = await inTransaction(database, async (db) => {
    // The role of Supabase Auth, which may execute the hook and nothing else.
    await db.query("set local role supabase_auth_admin");
    const { rows } = await db.query(
      `select ${SIGN_UP_HOOK.schema}.${SIGN_UP_HOOK.name}($1) as answer`,
      [event],
    );
    return Answer.parse(rows[0]?.answer);
  });
  if (error) throw new AuthError("unknown", error.message, { status: error.http_code });
}

/** The address that the gateway passes on, as Supabase Auth reads it. A direct request is from this machine. */
function clientAddress({ headers }: Request): string {
  return headers.get("x-forwarded-for")?.split(",")[0]?.trim() || "127.0.0.1";
}
