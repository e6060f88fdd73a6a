import { type AttributeFilter, type Attributes, matchFilter } from "../retrieval/match-filter.ts";
import { scorePassages } from "../retrieval/passage-index.ts";
import type { EmulatorState, VectorStoreRecord } from "../state.ts";

/** A passage that a search found, with its file. */
export interface Hit {
  file_id: string;
  filename: string;
  attributes: Attributes;
  /** Between 0 and 1. */
  score: number;
  text: string;
}

/** A search; without a filter it covers all files. */
export interface StoreQuery {
  queries: readonly string[];
  limit: number;
  threshold: number;
  filter: AttributeFilter | undefined;
}

/**
 * Returns the passages in the stores that match any of the queries, best first, each passage once. Passages of several
 * stores are ranked together, so that the size of a store does not decide.
 */
export function searchStores(
  state: EmulatorState,
  stores: readonly VectorStoreRecord[],
  { queries, limit, threshold, filter }: StoreQuery,
): Hit[] {
  const hits = queries
    .flatMap((query) => {
      const found = stores.flatMap((store) => searchStore(state, store, query, filter));
      return stores.length > 1 ? rankTogether(found, query) : found;
    })
    .filter(({ score }) => score >= threshold)
    .toSorted((a, b) => b.score - a.score);
  const same = Map.groupBy(hits, ({ file_id, text }) => `${file_id} ${text}`);
  return [...same.values()].flatMap((found) => found.slice(0, 1)).slice(0, limit);
}

function rankTogether(found: readonly Hit[], query: string): Hit[] {
  const scores = scorePassages(found.map(({ text }) => text), query);
  return found.map((hit, index) => ({ ...hit, score: scores[index] ?? 0 }));
}

function searchStore(
  state: EmulatorState,
  { files, passages }: VectorStoreRecord,
  query: string,
  filter: AttributeFilter | undefined,
): Hit[] {
  const accepts = (fileId: string) => {
    const file = files.get(fileId);
    if (file?.status !== "completed") return false;
    return !filter || matchFilter(filter, file.attributes);
  };
  return passages.search(query, accepts).map(({ fileId, text, score }) => {
    const filename = state.files.get(fileId)?.filename ?? "";
    const attributes = files.get(fileId)?.attributes ?? {};
    return { file_id: fileId, filename, attributes, score, text };
  });
}
