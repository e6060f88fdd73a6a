/** The maximum of stored replies; the oldest are removed first. */
const CAPACITY = 10_000;

/** A request with an idempotency key, and its HTTP response; `reply` is null while the request runs. */
export interface IdempotentRequest {
  key: string;
  path: string;
  params: string;
  reply: { status: number; body: string; requestId: string } | null;
}

/** Stores requests by their idempotency key. */
export interface IdempotencyStore {
  get(key: string): IdempotentRequest | undefined;
  add(request: IdempotentRequest): void;
  forget(key: string): void;
  /** Returns the requests that have a reply, oldest first. */
  list(): IdempotentRequest[];
}

/** Creates an empty store. */
export function createIdempotencyStore(): IdempotencyStore {
  const requests = new Map<string, IdempotentRequest>();
  return {
    get: (key) => requests.get(key),
    add(request) {
      requests.set(request.key, request);
      const [oldest] = requests.keys();
      if (requests.size > CAPACITY && oldest) requests.delete(oldest);
    },
    forget: (key) => void requests.delete(key),
    list: () => [...requests.values()].filter(({ reply }) => reply !== null),
  };
}
