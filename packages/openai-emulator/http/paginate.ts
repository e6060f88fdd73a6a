import { ApiError } from "./api-error.ts";
import type { PageQuery } from "../responses/request-schemas.ts";

/** One page of a list, in OpenAI's shape. */
export interface Page<Entry> {
  object: "list";
  data: Entry[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

/**
 * Returns the page of `entries` (oldest first) for `query`: the entries after `after`, or else the last
 * entries ahead of `before`. Throws a 400 if the cursor is not in the list.
 */
export function paginate<Entry extends { id: string }>(
  entries: readonly Entry[],
  query: PageQuery,
): Page<Entry> {
  const ordered = query.order === "asc" ? entries : entries.toReversed();
  const { start, end } = findRange(ordered, query);
  const data = ordered.slice(start, end);
  return {
    object: "list",
    data,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: query.before === undefined ? end < ordered.length : start > 0,
  };
}

function findRange(
  entries: readonly { id: string }[],
  { after, before, limit }: PageQuery,
): { start: number; end: number } {
  if (before !== undefined) {
    const end = indexOf(entries, "before", before);
    return { start: Math.max(0, end - limit), end };
  }
  const start = after === undefined ? 0 : indexOf(entries, "after", after) + 1;
  return { start, end: start + limit };
}

function indexOf(entries: readonly { id: string }[], param: string, id: string): number {
  const index = entries.findIndex((entry) => entry.id === id);
  if (index >= 0) return index;
  throw new ApiError(400, `Invalid '${param}': no item with id '${id}'.`, { param });
}
