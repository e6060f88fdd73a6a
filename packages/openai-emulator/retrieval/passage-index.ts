import { setImmediate } from "node:timers/promises";
import MiniSearch from "minisearch";
import { readTerms } from "./terms.ts";

/** Passages indexed before others may run. */
const SLICE = 200;

/** A passage that was found; `score` is between 0 and 1. */
export interface FoundPassage {
  fileId: string;
  text: string;
  score: number;
}

/** The passages of files, found by their words (BM25). */
export interface PassageIndex {
  /** Adds the passages of a file in place of those it had; ends early when they are removed meanwhile. */
  add(fileId: string, texts: readonly string[]): Promise<void>;
  remove(fileId: string): void;
  /** What has words of `query`, best first, of the files that `accepts` names. */
  search(query: string, accepts: (fileId: string) => boolean): FoundPassage[];
}

/** An index without passages. */
export function createPassageIndex(): PassageIndex {
  const engine = new MiniSearch<{ id: number; fileId: string; text: string }>({
    fields: ["text"],
    storeFields: ["fileId", "text"],
    tokenize: readTerms,
    processTerm: (term) => term,
  });
  const idsOf = new Map<string, number[]>();
  let lastId = 0;
  const remove = (fileId: string) => {
    engine.discardAll(idsOf.get(fileId) ?? []);
    idsOf.delete(fileId);
  };
  return {
    async add(fileId, texts) {
      remove(fileId);
      const ids: number[] = [];
      idsOf.set(fileId, ids);
      for (let start = 0; start < texts.length; start += SLICE) {
        if (idsOf.get(fileId) !== ids) return;
        const slice = texts.slice(start, start + SLICE)
          .map((text) => ({ id: ++lastId, fileId, text }));
        engine.addAll(slice);
        ids.push(...slice.map(({ id }) => id));
        await setImmediate();
      }
    },
    remove,
    search: (query, accepts) =>
      engine.search(query, { filter: ({ fileId }) => accepts(fileId) })
        .map(({ fileId, text, score }) => ({ fileId, text, score: score / (1 + score) })),
  };
}
