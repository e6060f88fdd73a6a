import { describeError } from "../http/log.ts";
import type { TurnPorts } from "./turn-ports.ts";

/** Well below the 90 seconds after which a turn counts as dead, and short enough to notice a deleted session soon. */
const HEARTBEAT_MS = 5_000;

/** Sends heartbeats for a turn, and notices a request to stop it and the deletion of its session. */
export interface TurnWatch {
  /** True after a heartbeat found the session deleted. */
  readonly isGone: boolean;
  /** Stores the ids, now or with a later heartbeat. Cancels the response if a stop was requested before. */
  begin(responseId: string, threadId: string): Promise<void>;
  /** Tries once more to store unsaved ids: a turn that is not complete takes its conversation from them. */
  save(): Promise<void>;
  /** Asks the database once more. Returns true if a stop was requested. */
  isStopRequested(): Promise<boolean>;
  /** Ends the heartbeats. */
  end(): void;
}

/** Starts the heartbeats of a turn. A failed heartbeat is logged; the next one follows as usual. */
export function watchTurn({ db, openai, log }: TurnPorts, turnId: string): TurnWatch {
  let responseId: string | undefined;
  let unsaved: { responseId: string; threadId: string } | undefined;
  let isGone = false;
  let isCancelled = false;

  async function beat(): Promise<boolean> {
    const ids = unsaved;
    const { is_active, stop_requested_at } = await db.heartbeat(turnId, ids);
    if (unsaved === ids) unsaved = undefined;
    isGone ||= !is_active && await db.findTurn(turnId) === null;
    const isUnwanted = isGone || stop_requested_at !== null;
    if (isUnwanted && responseId && !isCancelled) {
      isCancelled = true;
      await openai.responses.cancel(responseId);
    }
    return stop_requested_at !== null;
  }

  async function beatSafely(): Promise<boolean> {
    try {
      return await beat();
    } catch (error) {
      log.error("heartbeat_failed", { turn_id: turnId, ...describeError(error) });
      return false;
    }
  }

  const timer = setInterval(beatSafely, HEARTBEAT_MS);
  return {
    get isGone() {
      return isGone;
    },
    async begin(id, threadId) {
      responseId = id;
      unsaved = { responseId: id, threadId };
      await beatSafely();
    },
    async save() {
      if (unsaved) await beatSafely();
    },
    isStopRequested: beatSafely,
    end: () => clearInterval(timer),
  };
}
