import { describeError } from "../../http/log.ts";
import { isImage } from "../../session-files/file-kinds.ts";
import { indexFiles } from "./find-file.ts";
import { isInline } from "../../session-files/unreadable-file.ts";
import type { FindFile } from "../events/map-sources.ts";
import type { SessionFile, StartedTurn } from "../turn-database.ts";
import type { TurnRunPorts } from "../turn-ports.ts";

/** The vector stores that a turn searches, and the files that it may show and cite. */
export interface TurnSources {
  /** The ready files of the session, oldest first. */
  readonly files: readonly SessionFile[];
  /** OpenAI's ids of the stores to search. */
  readonly storeIds: string[];
  /** True when there are files that cannot be searched. */
  readonly isIncomplete: boolean;
  findFile: FindFile;
  /** Returns true for an image, and for a PDF that the model can be shown whole. */
  canShow(file: SessionFile): boolean;
  /**
   * Sends the shown file that OpenAI's error message names again, once for each file. If that fails, the turn goes on
   * without it. Returns false when the message names no such file.
   */
  resend(message: string): Promise<boolean>;
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
  let files = turn.files;
  let known = indexFiles(files);
  /** Ids at OpenAI that it refused, and ids of files that were sent again. */
  const lost = new Set<string>();
  const resent = new Set<string>();

  function canShow(file: SessionFile): boolean {
    return !lost.has(file.openai_file_id) && (isImage(file.file_type) || isInline(file));
  }

  async function reload(): Promise<void> {
    files = await ports.db.listFiles(turn.session_id);
    known = indexFiles(files);
  }

  async function reopen(): Promise<void> {
    isRenewed = true;
    const storeId = await openSafely(ports, turn.session_id);
    storeIds = storeId === null ? [] : [storeId];
    isIncomplete = storeId === null;
    // Files that were sent again have new ids.
    if (storeId !== null) await reload();
  }

  if (turn.needs_store) await reopen();
  return {
    get storeIds() {
      return storeIds;
    },
    get isIncomplete() {
      return isIncomplete;
    },
    get files() {
      return files;
    },
    findFile: (id) => known(id),
    canShow,
    async resend(message) {
      const file = files.find((file) => canShow(file) && message.includes(file.openai_file_id));
      if (!file) return false;
      lost.add(file.openai_file_id);
      if (resent.has(file.id)) return true;
      resent.add(file.id);
      if (await resendSafely(ports, file.id)) await reload();
      return true;
    },
    async renew() {
      if (isRenewed || storeIds.length === 0) return false;
      for (const storeId of storeIds) await ports.stores.expire(storeId);
      await reopen();
      return true;
    },
  };
}

async function resendSafely({ stores, log }: TurnRunPorts, fileId: string): Promise<boolean> {
  try {
    return await stores.resend(fileId);
  } catch (error) {
    log.error("file_not_resent", { file_id: fileId, ...describeError(error) });
    return false;
  }
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
