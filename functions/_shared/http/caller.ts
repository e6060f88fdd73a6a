import type { Context } from "hono";
import type { FunctionEnv } from "./context.ts";
import { AppError } from "./errors.ts";

/** Returns the id of the caller's login, `auth.users.id`. Throws `unauthorized` for a caller without one. */
export function requireUserId(c: Context<FunctionEnv>): string {
  const { userClaims } = c.var.supabaseContext;
  if (!userClaims) throw new AppError("unauthorized");
  return userClaims.id;
}
