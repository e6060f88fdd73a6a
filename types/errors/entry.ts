/** The status and the sentences of an error code. */
export interface ErrorEntry {
  /** The HTTP status; null for a code that appears only in a stream or a stored row. */
  status: 400 | 401 | 402 | 403 | 404 | 405 | 408 | 409 | 410 | 413 | 415 | 429 | 500 | 503 | null;
  /** What happened: one sentence for a person. */
  meaning: string;
  /** What the person can do about it: one sentence. */
  action: string;
}
