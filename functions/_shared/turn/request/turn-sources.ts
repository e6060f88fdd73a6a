import { describeError } from "../../http/log.ts";
import { isImage } from "../../session-files/file-kinds.ts";
import type { FileById } from "./build-input.ts";
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
  /** Finds a file by Parley's id. */
  fileOf: FileById;
  /**
   * Sends the image that OpenAI's error message names again, once for each image. If that fails, the turn goes on
   * without the image. Returns false when the message names no image.
   */
  resendImage(message: string): Promise<boolean>;
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
  const lost = new Set<string>();

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
    findFile: (id) => known(id),
    fileOf: (id) => files.find((file) => file.id === id && !lost.has(file.openai_file_id)),
    async resendImage(message) {
      const image = files.find(({ openai_file_id, file_type }) =>
        isImage(file_type) && message.includes(openai_file_id)
      );
      if (!image || lost.has(image.openai_file_id)) return false;
      lost.add(image.openai_file_id);
      if (await resendSafely(ports, image.id)) await reload();
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
    log.error("image_not_resent", { file_id: fileId, ...describeError(error) });
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
