/** Replies kept; the oldest go first. */
const CAPACITY = 10_000;

/** A request that came with a key, and what it was answered with; `reply` is null while it runs. */
export interface IdempotentRequest {
  key: string;
  path: string;
  params: string;
  reply: { status: number; body: string; requestId: string } | null;
}

/** Remembers requests by their idempotency key. */
export interface IdempotencyStore {
  get(key: string): IdempotentRequest | undefined;
  add(request: IdempotentRequest): void;
  forget(key: string): void;
  /** The requests that are answered, oldest first. */
  list(): IdempotentRequest[];
}

/** An empty store. */
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
