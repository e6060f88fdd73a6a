/**
 * Calls `work` for each of `items`, at most `limit` at a time; the results in their order. Rejects with the first
 * failure, after those that run have ended. What `signal` finds waiting is not begun, and has no result.
 */
export async function mapAtOnce<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  // One iterator for all: each takes the next that nobody has.
  const workers = Array.from({ length: Math.min(limit, items.length) }, async () => {
    for (const [index, item] of queue) {
      if (signal?.aborted) return;
      results[index] = await work(item);
    }
  });
  const ended = await Promise.allSettled(workers);
  for (const worker of ended) if (worker.status === "rejected") throw worker.reason;
  return results.filter((_, index) => index in results);
}
