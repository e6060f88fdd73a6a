import { z } from "zod";
import { AppError } from "../_shared/http/errors.ts";

/** Why a code gives no session, in the words of `redeem_bridge_token`. */
export const RefusalCode = z.enum([
  "code_not_found",
  "code_expired",
  "account_blocked",
  "email_required",
  "rate_limited",
]);
export type RefusalCode = z.infer<typeof RefusalCode>;

/** A refusal that the database wrote down instead of raising it. */
export class BridgeRefusal extends AppError {
  constructor(code: RefusalCode) {
    super(code, { retryAfter: code === "rate_limited" ? 60 : undefined });
  }
}
