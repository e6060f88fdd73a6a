/** The reason that a file has no text, with a code and a message of OpenAI's `last_error`. */
export class ExtractionError extends Error {
  readonly code: "unsupported_file" | "invalid_file";

  constructor(code: ExtractionError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Returns the error for a file that is larger than OpenAI accepts. */
export function tooLarge(): ExtractionError {
  return new ExtractionError(
    "invalid_file",
    "The file could not be parsed because it is too large.",
  );
}
