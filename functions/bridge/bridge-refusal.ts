import * as z from "zod";
import { AppError } from "../_shared/http/errors.ts";

/** Why a code was refused, as `redeem_bridge_token` returns it. */
export const RefusalCode = z.enum([
  "code_not_found",
  "code_expired",
  "account_blocked",
  "session_ended",
  "email_required",
  "rate_limited",
]);
export type RefusalCode = z.infer<typeof RefusalCode>;

/** A refusal that the database returned. Raising it would have undone that the code is used up. */
export class BridgeRefusal extends AppError {
  constructor(code: RefusalCode) {
    super(code, { retryAfter: code === "rate_limited" ? 60 : undefined });
  }
}
