/** Requests kept; the oldest go first. */
const CAPACITY = 10_000;

/** One request that arrived; `status` is null until it is answered, `body` is its JSON or null. */
export interface LoggedRequest {
  at: string;
  method: string;
  path: string;
  status: number | null;
  body: unknown;
}

/** What arrived at the emulator, oldest first. */
export interface RequestLog {
  /** Notes a request that has just arrived; the caller sets its `status` when it is answered. */
  add(request: Omit<LoggedRequest, "at" | "status">): LoggedRequest;
  list(): readonly LoggedRequest[];
}

/** An empty log. */
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
