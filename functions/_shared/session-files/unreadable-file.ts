import type { ErrorCode } from "../../../types/errors.ts";

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
 * Returns why OpenAI has not read a file, from the `last_error` of the file in its store. OpenAI documents the codes;
 * the messages are those that people report, such as https://github.com/openai/openai-node/issues/1496.
 */
export function readLastError(
  lastError: { code: string; message: string } | null,
): UnreadableCode {
  const message = lastError?.message ?? "";
  if (/too (large|long|big)|token/i.test(message)) return "too_long";
  if (/empty|no text/i.test(message)) return "no_text";
  if (/encrypt|password|protected/i.test(message)) return "encrypted";
  return lastError?.code === "invalid_file" ? "damaged" : "file_unreadable";
}
