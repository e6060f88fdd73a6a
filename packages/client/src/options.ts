/** Options of calls that wait. */
export interface CallOptions {
  /** Ends the call. It then rejects with the code `aborted`. */
  signal?: AbortSignal | undefined;
}
