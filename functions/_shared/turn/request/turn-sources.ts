import { describeError } from "../../http/log.ts";
import { type Collection, isSameCollection } from "../../session-files/collection.ts";
import { isImage } from "../../session-files/file-kinds.ts";
import { indexFiles } from "./find-file.ts";
import { pickFiles } from "./search-filter.ts";
import { isInline } from "../../session-files/unreadable-file.ts";
import type { FindFile } from "../events/map-sources.ts";
import type { SessionFile, StartedTurn } from "../turn-database.ts";
import type { TurnRunPorts } from "../turn-ports.ts";

/** The vector stores that a turn searches, and the files that it may show and cite. */
export interface TurnSources {
  /** The ready files of the session and its assistant, oldest first. */
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
  /**
   * Builds the stores again that OpenAI has lost, by its error message, each once a turn. Returns false if that was
   * already tried.
   */
  renew(message: string): Promise<boolean>;
}

/** A store of a turn. */
interface Source {
  collection: Collection;
  /** OpenAI's id; null when the store cannot be searched. */
  storeId: string | null;
  /** True after this turn has built the store, or has tried to. */
  isRenewed: boolean;
}

/**
 * Opens the stores that a turn searches: that of its session and that of its assistant. Builds a store again first if
 * it is known to have expired. A turn about certain files opens only their stores.
 */
export async function openSources(
  ports: TurnRunPorts,
  turn: StartedTurn,
): Promise<TurnSources> {
  let files = turn.files;
  let known = indexFiles(files);
  const picked = pickFiles(turn.question, files);
  const sources = turn.stores
    .filter((store) => picked?.some((file) => isSameCollection(file, store)) ?? true)
    .map(({ store_id, ...collection }): Source => ({
      collection,
      storeId: store_id,
      isRenewed: false,
    }));
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

  async function reopen(lost: readonly Source[]): Promise<void> {
    await Promise.all(lost.map(async (source) => {
      source.isRenewed = true;
      source.storeId = await openSafely(ports, source.collection);
    }));
    // Files that were sent again have new ids.
    if (lost.some(({ storeId }) => storeId !== null)) await reload();
  }

  await reopen(sources.filter(({ storeId }) => storeId === null));
  return {
    get storeIds() {
      return sources.flatMap(({ storeId }) => storeId ?? []);
    },
    get isIncomplete() {
      return sources.some(({ storeId }) => storeId === null);
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
    async renew(message) {
      const open = sources.filter(({ storeId, isRenewed }) => storeId !== null && !isRenewed);
      const named = open.filter(({ storeId }) => message.includes(storeId ?? ""));
      // Not every message names the store.
      const gone = named.length > 0 ? named : open;
      if (gone.length === 0) return false;
      for (const { storeId } of gone) if (storeId !== null) await ports.stores.expire(storeId);
      await reopen(gone);
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

/** Opens a store. Returns null after a failure, so that the turn continues without it. */
async function openSafely(
  { stores, log }: TurnRunPorts,
  collection: Collection,
): Promise<string | null> {
  try {
    return await stores.open(collection);
  } catch (error) {
    log.error("store_not_opened", { ...collection, ...describeError(error) });
    return null;
  }
}
