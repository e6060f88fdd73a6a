/** An error that leaves the emulator as an HTTP response; `Details` are the provider's properties of an error. */
export abstract class HttpError<Details extends { headers?: Record<string, string> }>
  extends Error {
  readonly status: number;
  readonly details: Partial<Details>;

  constructor(status: number, message: string, details: Partial<Details> = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }

  /** Returns the HTTP response for this error, in the provider's shape. */
  abstract toResponse(): Response;
}
