import { ApiError } from "./api-error.ts";
import type { ListQuery } from "./request-schemas.ts";

/** One page of a list, in OpenAI's shape. */
export interface Page<Entry> {
  object: "list";
  data: Entry[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

/** The page of `entries` (oldest first) that `query` asks for; throws 400 when `after` is not among them. */
export function paginate<Entry extends { id: string }>(
  entries: readonly Entry[],
  query: ListQuery,
): Page<Entry> {
  const ordered = query.order === "asc" ? entries : entries.toReversed();
  const start = query.after === undefined ? 0 : indexAfter(ordered, query.after);
  const data = ordered.slice(start, start + query.limit);
  return {
    object: "list",
    data,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + data.length < ordered.length,
  };
}

function indexAfter(entries: readonly { id: string }[], id: string): number {
  const index = entries.findIndex((entry) => entry.id === id);
  if (index >= 0) return index + 1;
  throw new ApiError(400, `Invalid 'after': no item with id '${id}'.`, { param: "after" });
}
