import type { BridgeReply, BridgeRequest } from "../../types/api.ts";
import { AppError } from "../_shared/http/errors.ts";
import type { BridgeDatabase, Origin } from "./bridge-database.ts";

/** A code for the user who asks. A refusal takes back what the database wrote, so it is written down here. */
export async function issueCode(
  db: BridgeDatabase,
  authUserId: string,
  sessionData: BridgeRequest["session_data"],
  origin: Origin,
): Promise<BridgeReply> {
  try {
    return await db.issue(sessionData, origin);
  } catch (error) {
    const refusal = error instanceof AppError ? error.code : "internal";
    await db.logFailure(authUserId, { event_type: "bridge_issue", refusal }, origin);
    throw error;
  }
}
