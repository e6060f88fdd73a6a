import { APIError } from "openai";
import type { VectorStoreFile } from "openai/resources/vector-stores/files";
import { describeErrorCode } from "../../../types/errors.ts";
import { findRule } from "../openai/error-table.ts";
import { retryAfter } from "../openai/retry-once.ts";
import { isStoreLost } from "../openai/store-lost.ts";
import { StorageFailure } from "./file-storage.ts";
import { ContentChangedError } from "./verify-content.ts";
import { type UnreadableCode, UnreadableFileError } from "./unreadable-file.ts";

/** Why a file cannot be used. `types/errors.ts` has the sentence for its owner. */
type FailureCode =
  | "upload_failed"
  | "upload_interrupted"
  | "indexing_timeout"
  | UnreadableCode
  | "file_changed"
  | "provider_error"
  | "provider_misconfigured";

/** `chat_files.error` of a failed file, or of a file that waits for its next attempt. */
export interface FileFailure {
  code: FailureCode;
  message: string;
}

/** What an error means for the file that was to be indexed. */
export interface IndexingFailure {
  /** The reason that the owner sees; null for an error of Parley's own services. */
  code: FailureCode | null;
  /** True if OpenAI or Storage said something about the file itself, so another attempt cannot help. */
  isFinal: boolean;
  /** The pause in seconds that the next attempt should wait for at least. */
  retryAfter?: number;
}

/** OpenAI failed while it read a file. */
export class IndexingFailedError extends Error {
  override readonly name = "IndexingFailedError";
}

/** The store of a session cannot be made now. */
export class StoreNotMadeError extends Error {
  override readonly name = "StoreNotMadeError";
  /** The reason, as the row of the store has it. */
  readonly reason: string;
  /** The seconds after which another caller may try. */
  readonly retryAfter: number;

  constructor(reason: string, retryAfter: number) {
    super(reason);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

/** Returns the failure with this code. */
export function fileFailure(code: FailureCode): FileFailure {
  return { code, message: describeErrorCode(code) };
}

/** Statuses with which OpenAI refuses a file. A 404 can mean that OpenAI does not know a new object yet. */
const REFUSED = [400, 413, 415, 422];
/**
 * Codes of `last_error` that blame OpenAI. `rate_limit_exceeded` is of earlier versions of the API.
 * The other codes blame the file: https://github.com/openai/openai-openapi/pull/300
 */
const TEMPORARY: readonly string[] = ["server_error", "rate_limit_exceeded"];

/** Returns what an error means for the file that was to be indexed. */
export function readIndexingFailure(error: unknown): IndexingFailure {
  if (error instanceof UnreadableFileError) return { code: error.code, isFinal: true };
  if (error instanceof ContentChangedError) return { code: "file_changed", isFinal: true };
  if (error instanceof StorageFailure && error.isMissing) {
    return { code: "file_changed", isFinal: true };
  }
  if (error instanceof IndexingFailedError) return { code: "provider_error", isFinal: false };
  if (error instanceof StoreNotMadeError) {
    const isMistake = error.reason === "provider_misconfigured";
    const code = isMistake ? "provider_misconfigured" : "provider_error";
    return { code, isFinal: false, retryAfter: error.retryAfter };
  }
  if (!(error instanceof APIError)) return { code: null, isFinal: false };
  const { owner, retry } = findRule(error);
  if (owner === "operator") return { code: "provider_misconfigured", isFinal: false };
  const isRefused = error.status !== undefined && REFUSED.includes(error.status);
  if (isRefused && !retry && !isStoreLost(error)) return { code: "file_unreadable", isFinal: true };
  return { code: "provider_error", isFinal: false, retryAfter: retryAfter(error) };
}

/** Returns true if OpenAI says that it cannot read this file, and not that it has failed itself. */
export function isUnreadable({ status, last_error }: VectorStoreFile): boolean {
  return status === "failed" && last_error !== null && !TEMPORARY.includes(last_error.code);
}
