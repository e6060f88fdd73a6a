import { splitSentences } from "./split-passages.ts";
import { readTerms } from "./terms.ts";

/** A quote gets a second sentence if both together have at most this many characters. */
const SHORT_QUOTE = 300;

/** Returns the sentence of `passage` with most of the words of `query`, and the next one if both are short. */
export function pickQuote(passage: string, query: string): string {
  const wanted = new Set(readTerms(query));
  const sentences = splitSentences(passage);
  const counts = sentences.map((sentence) => countTerms(sentence, wanted));
  const best = counts.indexOf(Math.max(...counts));
  const two = sentences.slice(best, best + 2).join(" ");
  return two.length <= SHORT_QUOTE ? two : sentences[best] ?? passage;
}

function countTerms(sentence: string, wanted: ReadonlySet<string>): number {
  return new Set(readTerms(sentence)).intersection(wanted).size;
}
