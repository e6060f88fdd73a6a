import { describeErrorCode } from "../../../types/errors.ts";
import type { UnreadableCode } from "./unreadable-file.ts";

/** Why a file cannot be used. `types/errors.ts` has the sentence for its owner. */
type FailureCode =
  | "upload_failed"
  | "upload_interrupted"
  | "indexing_timeout"
  | UnreadableCode
  | "content_changed"
  | "provider_error"
  | "provider_misconfigured";

/** `chat_files.error` of a failed file. */
export interface FileFailure {
  code: FailureCode;
  message: string;
}

/** Returns the failure with this code. */
export function fileFailure(code: FailureCode): FileFailure {
  return { code, message: describeErrorCode(code) };
}
