import { setImmediate } from "node:timers/promises";
import MiniSearch from "minisearch";
import { readTerms } from "./terms.ts";

/** Passages that are indexed before other tasks may run. */
const SLICE = 200;

/** A passage with its score between 0 and 1. */
export interface FoundPassage {
  fileId: string;
  text: string;
  score: number;
}

/** A full-text index (BM25) of the passages of files. */
export interface PassageIndex {
  /** Adds the passages of a file in place of its earlier ones; stops early if the file is removed meanwhile. */
  add(fileId: string, texts: readonly string[]): Promise<void>;
  remove(fileId: string): void;
  /** Returns the passages with words of `query`, best first, in the files that `accepts` allows. */
  search(query: string, accepts: (fileId: string) => boolean): FoundPassage[];
}

/** Creates an empty index. */
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
