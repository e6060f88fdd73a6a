import type Stripe from "stripe";
import { ApiError } from "./api-error.ts";

/** The cursors and the limit of a page. */
export interface PageParams {
  limit: number;
  starting_after?: string;
  ending_before?: string;
}

/** Returns a complete list in Stripe's shape. */
export function listOf<Entry>(data: Entry[], url: string): Stripe.ApiList<Entry> {
  return { object: "list", data, has_more: false, url };
}

/**
 * Returns the page of `entries` (oldest first) for `params`, newest first. Throws a 400 if the cursor is not
 * in the list.
 */
export function paginate<Entry extends { id: string }>(
  entries: readonly Entry[],
  { limit, starting_after, ending_before }: PageParams,
  url: string,
): Stripe.ApiList<Entry> {
  const ordered = entries.toReversed();
  if (ending_before !== undefined) {
    const end = indexOf(ordered, ending_before, "ending_before");
    const start = Math.max(0, end - limit);
    return { ...listOf(ordered.slice(start, end), url), has_more: start > 0 };
  }
  const start = starting_after === undefined
    ? 0
    : indexOf(ordered, starting_after, "starting_after") + 1;
  const data = ordered.slice(start, start + limit);
  return { ...listOf(data, url), has_more: start + data.length < ordered.length };
}

function indexOf(entries: readonly { id: string }[], id: string, param: string): number {
  const index = entries.findIndex((entry) => entry.id === id);
  if (index >= 0) return index;
  throw new ApiError(400, `No such object: '${id}'`, { code: "resource_missing", param });
}
