import type { VectorStoreFile } from "openai/resources/vector-stores/files";
import type { ErrorCode } from "../../../types/errors.ts";

/** The largest PDF that the model is shown whole. A larger one is only searched: its pages would fill the window. */
const LARGEST_PDF = 10_000_000;

/** Why a file cannot be read, whatever is tried with it. `types/errors.ts` has the sentences. */
export type UnreadableCode = Extract<
  ErrorCode,
  "no_text" | "encrypted" | "damaged" | "too_long" | "unknown_encoding" | "file_unreadable"
>;

/** A file that neither Parley nor OpenAI can read. Another attempt would fail too. */
export class UnreadableFileError extends Error {
  override readonly name = "UnreadableFileError";
  readonly code: UnreadableCode;

  constructor(code: UnreadableCode, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}

/**
 * Returns why file search finds nothing in a file, by its state in a store; null for a file that is being read, or was.
 * OpenAI completes a scan with 0 bytes, or fails it as empty.
 */
export function whyUnsearchable(
  { status, last_error, usage_bytes }: VectorStoreFile,
): UnreadableCode | null {
  if (status === "completed") return usage_bytes === 0 ? "no_text" : null;
  return status === "in_progress" ? null : readLastError(last_error);
}

/**
 * Returns true for a PDF that the model can be shown whole, so that it is usable without text. A file of an assistant
 * is only searched, because no message attaches it. OpenAI takes files of any purpose, so the file in the vector store
 * serves. Source:
 * https://developers.openai.com/api/docs/guides/file-inputs, "File upload purpose".
 */
export function isInline(
  { session_id, file_type, file_size }: {
    session_id: string | null;
    file_type: string;
    file_size: number | null;
  },
): boolean {
  return session_id !== null && file_type === "application/pdf" && (file_size ?? 0) <= LARGEST_PDF;
}

/**
 * Returns the reason by the `last_error` of a file in a store. OpenAI documents the codes; the messages are those that
 * people report, such as https://github.com/openai/openai-node/issues/1496.
 */
function readLastError(lastError: VectorStoreFile["last_error"]): UnreadableCode {
  const message = lastError?.message ?? "";
  if (/too (large|long|big|many)/i.test(message)) return "too_long";
  if (/empty|no text/i.test(message)) return "no_text";
  if (/encrypt|password|protected/i.test(message)) return "encrypted";
  return lastError?.code === "invalid_file" ? "damaged" : "file_unreadable";
}
