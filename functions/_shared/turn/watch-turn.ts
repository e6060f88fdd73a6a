import { describeError } from "../http/log.ts";
import type { TurnPorts } from "./turn-ports.ts";

/** Well below the 90 seconds after which a turn counts as dead, and short enough to notice a deleted session. */
const HEARTBEAT_MS = 5_000;

/** Keeps a turn alive in the database, and notices when it is to stop or its session is gone. */
export interface TurnWatch {
  /** True once the session was found deleted. */
  readonly isGone: boolean;
  /** Saves the ids, now or with a later heartbeat, and cancels at OpenAI if a stop came before them. */
  begin(responseId: string, threadId: string): Promise<void>;
  /** Tries once more to save ids that are not: a turn that is not complete takes its conversation from there. */
  save(): Promise<void>;
  /** Asks the database once more; true if a stop was requested. */
  isStopRequested(): Promise<boolean>;
  end(): void;
}

/** Starts to watch a turn. Failing heartbeats are logged and tried again. */
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
