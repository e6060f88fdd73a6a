/**
 * Calls `work` for each of `items`, at most `limit` at a time, and returns the results in the order of the items.
 * Rejects with the first failure after all running calls have ended. After `signal` aborts, no further call begins, and
 * the remaining items have no result.
 */
export async function mapAtOnce<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  // All workers share one iterator, so each item goes to one worker.
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
