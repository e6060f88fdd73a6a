import * as z from "zod";
import { StoredText } from "./fields.ts";

const StoredValue = z.union([
  StoredText.pipe(z.string().max(1000)),
  z.number(),
  z.boolean(),
  z.null(),
]);

/** The body of `POST /functions/v1/bridge`. It is optional. */
export const BridgeRequest = z.object({
  session_data: z.record(StoredText, StoredValue).default({}).describe(
    "Data for the app that redeems the code; at most 4 KiB.",
  ),
});
export type BridgeRequest = z.infer<typeof BridgeRequest>;

/** The reply of `POST /functions/v1/bridge`. */
export const BridgeReply = z.object({
  code: z.string().describe("The code, which signs its user in once."),
  expires_at: z.string(),
});
export type BridgeReply = z.infer<typeof BridgeReply>;

/** The body of `POST /functions/v1/bridge/redeem`. */
export const RedeemRequest = z.object({ code: StoredText.pipe(z.string().max(1000)) });
export type RedeemRequest = z.infer<typeof RedeemRequest>;

/** The reply of `POST /functions/v1/bridge/redeem`: the arguments of `supabase.auth.setSession`, and more. */
export const BridgeSession = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.string(),
  expires_in: z.number().describe("In seconds."),
  expires_at: z.number().optional().describe("In Unix seconds."),
  session_data: z.record(z.string(), z.unknown()).describe(
    "The data that `POST /functions/v1/bridge` received.",
  ),
});
export type BridgeSession = z.infer<typeof BridgeSession>;
