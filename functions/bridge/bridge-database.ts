import type { SupabaseClient } from "@supabase/supabase-js";
import * as z from "zod";
import { BridgeReply, type BridgeRequest } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { unwrap } from "../_shared/http/refusal.ts";
import { RefusalCode } from "./bridge-refusal.ts";

/** The origin of a request, for the log. */
export interface Origin {
  client_ip: string | undefined;
  user_agent: string | undefined;
}

/** The result of redeeming a code: the user to sign in, or the reason for a refusal. */
const Redeemed = z.union([
  z.object({ refusal: RefusalCode }),
  z.object({
    refusal: z.null(),
    auth_user_id: z.string(),
    email: z.string(),
    session_data: z.record(z.string(), z.unknown()),
  }),
]);
export type Redeemed = z.infer<typeof Redeemed>;

/** The database calls of the bridge. */
export interface BridgeDatabase {
  /** Issues a code. Throws the refusal of the database. */
  issue(sessionData: BridgeRequest["session_data"], origin: Origin): Promise<BridgeReply>;
  redeem(code: string, origin: Origin): Promise<Redeemed>;
  /** Logs that Auth gave no session. `refusal` is the code of the error that the client received. */
  logFailure(authUserId: string, refusal: string, origin: Origin): Promise<void>;
}

/** Creates the database calls of the bridge: codes are issued as the user, all other calls use the secret key. */
export function createBridgeDatabase(
  admin: SupabaseClient<Database>,
  user: SupabaseClient<Database>,
): BridgeDatabase {
  return {
    async issue(session_data, origin) {
      return BridgeReply.parse(
        unwrap(await user.rpc("issue_bridge_token", { session_data, ...origin }).single()),
      );
    },
    async redeem(code, origin) {
      return Redeemed.parse(
        unwrap(await admin.rpc("redeem_bridge_token", { code, ...origin }).single()),
      );
    },
    async logFailure(auth_user_id, refusal, { client_ip = "", user_agent = "" }) {
      const attempt = { auth_user_id, refusal, client_ip, user_agent };
      unwrap(await admin.rpc("log_bridge_failure", attempt));
    },
  };
}
