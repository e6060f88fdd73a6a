import type { UIMessageChunk } from "ai";
import { APIError } from "openai";
import { FILE_URL } from "../../../types/api.ts";
import { AppError } from "../http/errors.ts";
import { giveUp } from "../http/give-up.ts";
import { describeError } from "../http/log.ts";
import { isGone } from "../openai/store-lost.ts";
import type { FileRow } from "../session-files/file-database.ts";
import type { FilePorts } from "../session-files/file-ports.ts";
import type { MadeFile } from "./events/map-made-files.ts";
import { notice, type NoticeCode } from "./events/notice.ts";
import {
  makeOpenable,
  type MakingTurn,
  type OpenableFile,
  storeMadeFile,
} from "./store-made-file.ts";

/** The time after the end of a response for its files. Recovery takes a turn after 60 seconds without progress. */
const LONGEST_WAIT_MS = 40_000;
const TOO_LONG = new DOMException("The file took too long.", "TimeoutError");

/**
 * The files that the model makes in a reply. Each is stored as soon as it is complete, one after another, so that the
 * bytes of one file at most are in memory.
 */
export class MadeFiles {
  readonly #ports: FilePorts;
  readonly #turn: MakingTurn;
  readonly #abort = new AbortController();
  readonly #chunks: UIMessageChunk[] = [];
  #storing: Promise<void> = Promise.resolve();

  constructor(ports: FilePorts, turn: MakingTurn) {
    this.#ports = ports;
    this.#turn = turn;
  }

  /** Begins to store a file. Never throws. */
  add(made: MadeFile): void {
    try {
      this.#enqueue(makeOpenable(this.#ports, made, this.#abort.signal));
    } catch (error) {
      this.#chunks.push(this.#refuse(error));
    }
  }

  /**
   * Waits until all files are stored, for at most 40 seconds. Returns a file part for each stored file, and a notice
   * for each other one. Never rejects.
   */
  async settle(): Promise<UIMessageChunk[]> {
    const clock = setTimeout(() => this.#abort.abort(TOO_LONG), LONGEST_WAIT_MS);
    await this.#storing.finally(() => clearTimeout(clock));
    return this.#chunks.splice(0);
  }

  #enqueue(file: OpenableFile): void {
    this.#storing = this.#storing.then(async () => {
      const chunk = await this.#store(file);
      if (chunk) this.#chunks.push(chunk);
    });
  }

  async #store(file: OpenableFile): Promise<UIMessageChunk | null> {
    const { signal } = this.#abort;
    try {
      const storing = storeMadeFile(this.#ports, this.#turn, file, signal);
      // Storage has no time limit of its own.
      const row = await giveUp(storing, signal);
      return row && fileChunk(row);
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #refuse(error: unknown): UIMessageChunk {
    const reason = noticeCode(error);
    const turn_id = this.#turn.id;
    this.#ports.log.error("made_file_not_stored", { turn_id, reason, ...describeError(error) });
    return notice(reason);
  }
}

/** Returns the part of a stored file. The AI SDK has no name in its file chunks, so the name is in the metadata. */
function fileChunk({ id, file_type, file_name }: FileRow): UIMessageChunk {
  return {
    type: "file",
    url: FILE_URL + id,
    mediaType: file_type,
    providerMetadata: { parley: { filename: file_name } },
  };
}

function noticeCode(error: unknown): NoticeCode {
  if (error instanceof AppError && error.code === "file_limit_reached") {
    return "made_file_limit_reached";
  }
  if (error instanceof AppError && error.code === "storage_full") return "made_file_storage_full";
  if (error instanceof AppError && error.code === "file_too_large") return "made_file_too_large";
  if (isGone(error) || isExpired(error)) return "made_file_expired";
  return "made_file_not_stored";
}

/** Returns true when OpenAI says that a container has expired. It has no code for it. */
function isExpired(error: unknown): boolean {
  return error instanceof APIError && error.status === 400 && /expired/i.test(error.message);
}
