import type { BridgeReply, BridgeRequest } from "../../types/api.ts";
import { AppError } from "../_shared/http/errors.ts";
import type { BridgeDatabase, Origin } from "./bridge-database.ts";

/**
 * Issues a code for the caller. A refusal rolls back everything that the database wrote, so this function logs it.
 * Throws the refusal again.
 */
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
