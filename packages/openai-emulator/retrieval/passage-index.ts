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

interface Passage {
  id: number;
  fileId: string;
  text: string;
}

/** Creates an empty index. */
export function createPassageIndex(): PassageIndex {
  const engine = createEngine();
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
        .map(({ fileId, text, score }) => ({ fileId, text, score: bound(score) })),
  };
}

/** Returns the scores of these passages, between 0 and 1, as if one index held them and nothing else. */
export function scorePassages(texts: readonly string[], query: string): number[] {
  const engine = createEngine();
  engine.addAll(texts.map((text, id) => ({ id, fileId: "", text })));
  const scores = texts.map(() => 0);
  for (const { id, score } of engine.search(query)) scores[Number(id)] = bound(score);
  return scores;
}

function createEngine(): MiniSearch<Passage> {
  return new MiniSearch<Passage>({
    fields: ["text"],
    storeFields: ["fileId", "text"],
    tokenize: readTerms,
    processTerm: (term) => term,
  });
}

function bound(score: number): number {
  return score / (1 + score);
}
