import type { LoggedRequest } from "@parley/emulator-kit/request-log.ts";

/** Ids of Stripe's objects in a path. */
const IDS = /\/(?:cus|prod|price|sub|si|in|il|inpay|pi|pm|ch|txn|re|du|dp|cs|evt)_[^/]+/g;

/** The number of requests to `/v1`: all of them, those that got 429, and those of each kind. */
export interface RequestCounts {
  total: number;
  limited: number;
  /** By method and path, with `:id` for every id. */
  kinds: Record<string, number>;
}

/** Counts requests to `/v1` by kind. */
export function countRequests(requests: readonly LoggedRequest[]): RequestCounts {
  const counts: RequestCounts = { total: 0, limited: 0, kinds: {} };
  for (const { method, path, status } of requests) {
    const [pathname = ""] = path.split("?");
    if (!pathname.startsWith("/v1/")) continue;
    const kind = `${method} ${pathname.replaceAll(IDS, "/:id")}`;
    counts.total++;
    if (status === 429) counts.limited++;
    counts.kinds[kind] = (counts.kinds[kind] ?? 0) + 1;
  }
  return counts;
}
