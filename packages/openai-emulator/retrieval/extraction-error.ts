/** Why a file has no text, in the codes and words of OpenAI's `last_error`. */
export class ExtractionError extends Error {
  readonly code: "unsupported_file" | "invalid_file";

  constructor(code: ExtractionError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The error for a file that is more than OpenAI takes. */
export function tooLarge(): ExtractionError {
  return new ExtractionError(
    "invalid_file",
    "The file could not be parsed because it is too large.",
  );
}
