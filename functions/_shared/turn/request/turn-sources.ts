import { describeError } from "../../http/log.ts";
import { indexFiles } from "./find-file.ts";
import type { FindFile } from "../events/map-sources.ts";
import type { StartedTurn } from "../turn-database.ts";
import type { TurnRunPorts } from "../turn-ports.ts";

/** The vector stores that a turn searches, and the files that it may cite. */
export interface TurnSources {
  /** OpenAI's ids of the stores to search. */
  readonly storeIds: string[];
  /** True when there are files that cannot be searched. */
  readonly isIncomplete: boolean;
  findFile: FindFile;
  /** Builds the store again after OpenAI has lost it, once a turn. Returns false if that was already tried. */
  renew(): Promise<boolean>;
}

/** Opens the store of a turn's session, and builds it again first if it is known to have expired. */
export async function openSources(
  ports: TurnRunPorts,
  turn: StartedTurn,
): Promise<TurnSources> {
  let storeIds = turn.vector_store_ids;
  let isIncomplete = false;
  let isRenewed = false;
  let known = indexFiles(turn.files);

  async function reopen(): Promise<void> {
    isRenewed = true;
    const storeId = await openSafely(ports, turn.session_id);
    storeIds = storeId === null ? [] : [storeId];
    isIncomplete = storeId === null;
    // Files that were sent again have new ids.
    if (storeId !== null) known = indexFiles(await ports.db.listFiles(turn.session_id));
  }

  if (turn.needs_store) await reopen();
  return {
    get storeIds() {
      return storeIds;
    },
    get isIncomplete() {
      return isIncomplete;
    },
    findFile: (id) => known(id),
    async renew() {
      if (isRenewed || storeIds.length === 0) return false;
      for (const storeId of storeIds) await ports.stores.expire(storeId);
      await reopen();
      return true;
    },
  };
}

/** Opens a store. Returns null after a failure, so that the turn continues without search. */
async function openSafely(
  { stores, log }: TurnRunPorts,
  sessionId: string,
): Promise<string | null> {
  try {
    return await stores.open(sessionId);
  } catch (error) {
    log.error("store_not_opened", { session_id: sessionId, ...describeError(error) });
    return null;
  }
}
