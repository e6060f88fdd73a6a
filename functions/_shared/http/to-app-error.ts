import { AuthError } from "@supabase/server";
import { AppError } from "./errors.ts";
import { isOutdated } from "./outdated.ts";

/** Turns any error into an AppError. A refusal of `@supabase/server` has its reason in `details`. */
export function toAppError(error: Error): AppError {
  if (isOutdated(error)) return new AppError("database_outdated", { cause: error });
  if (error instanceof AppError) return error;
  if (error instanceof AuthError && error.status < 500) {
    return new AppError("unauthorized", { details: { reason: error.code }, cause: error });
  }
  return new AppError("internal", { cause: error });
}
