import type { SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import { BridgeReply, type BridgeRequest } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { unwrap } from "../_shared/http/refusal.ts";
import { RefusalCode } from "./bridge-refusal.ts";

/** Where a request came from, for the log. */
export interface Origin {
  client_ip: string | undefined;
  user_agent: string | undefined;
}

/** What a code led to: whom it signs in, or why it does not. */
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

/** An attempt that the database did not write down by itself. */
export interface Failure {
  event_type: "bridge_issue" | "bridge_session";
  /** Code of the error that the client got. */
  refusal: string;
}

/** The database as the bridge sees it. */
export interface BridgeDatabase {
  /** Throws the refusal of the database. */
  issue(sessionData: BridgeRequest["session_data"], origin: Origin): Promise<BridgeReply>;
  redeem(code: string, origin: Origin): Promise<Redeemed>;
  logFailure(authUserId: string, failure: Failure, origin: Origin): Promise<void>;
}

/** The bridge's database functions: codes are issued as the user, the rest is called with the secret key. */
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
    async logFailure(auth_user_id, failure, { client_ip = "", user_agent = "" }) {
      const attempt = { auth_user_id, ...failure, client_ip, user_agent };
      unwrap(await admin.rpc("log_bridge_failure", attempt));
    },
  };
}
