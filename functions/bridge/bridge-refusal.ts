import type { ContentfulStatusCode } from "hono/utils/http-status";
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

const refusals = {
  code_not_found: [404, "There is no such code."],
  code_expired: [410, "The code has expired, or was used."],
  account_blocked: [403, "The account is suspended."],
  email_required: [409, "The bridge needs a login with a confirmed e-mail address."],
  rate_limited: [429, "Too many codes were tried from this address. Wait a minute."],
} as const satisfies Record<RefusalCode, readonly [ContentfulStatusCode, string]>;

/** A refusal that the database wrote down instead of raising it. */
export class BridgeRefusal extends AppError {
  override readonly code: RefusalCode;
  override readonly status: ContentfulStatusCode;

  constructor(code: RefusalCode) {
    const [status, message] = refusals[code];
    super("invalid_request", { message, retryAfter: status === 429 ? 60 : undefined });
    this.code = code;
    this.status = status;
  }
}
