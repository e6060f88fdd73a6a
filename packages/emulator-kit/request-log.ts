/** The maximum of stored requests; the oldest are removed first. */
const CAPACITY = 10_000;

/** A logged request; `status` is null until its HTTP response, and `body` is its JSON or null. */
export interface LoggedRequest {
  at: string;
  method: string;
  path: string;
  status: number | null;
  body: unknown;
}

/** The requests that arrived at the emulator, oldest first. */
export interface RequestLog {
  /** Adds a request that has just arrived; the caller sets its `status` after the HTTP response. */
  add(request: Omit<LoggedRequest, "at" | "status">): LoggedRequest;
  list(): readonly LoggedRequest[];
}

/** Creates an empty log. */
export function createRequestLog(): RequestLog {
  const entries: LoggedRequest[] = [];
  return {
    add({ method, path, body }) {
      const entry = { at: new Date().toISOString(), method, path, status: null, body };
      entries.push(entry);
      if (entries.length > CAPACITY) entries.shift();
      return entry;
    },
    list: () => entries,
  };
}
