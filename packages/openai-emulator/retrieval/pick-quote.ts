import { splitSentences } from "./split-passages.ts";
import { readTerms } from "./terms.ts";

/** Up to this many characters, a quote is two sentences. */
const SHORT_QUOTE = 300;

/** The sentence of `passage` that has most of the words of `query`, with the next one while that is short. */
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
