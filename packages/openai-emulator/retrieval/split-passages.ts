/** The length of a passage, and of the text that it repeats from the one before, in characters. */
const PASSAGE = 800;
const OVERLAP = 200;

/** A sentence with the space after it. It ends at a mark before a capital or a number, or at the end of its line. */
const SENTENCE = /.+?(?:[.!?…]["'”’)\]]*[^\S\n]+(?=["'“‘(\[]*[\p{Lu}\p{N}])|[。！？]|\n+|$)/gsu;

/** Returns the sentences of `text`, trimmed; a line break also ends a sentence. */
export function splitSentences(text: string): string[] {
  return matchSentences(text).map((sentence) => sentence.trim()).filter(Boolean);
}

/** Splits `text` into passages of whole sentences. Each passage begins with the end of the one before. */
export function splitPassages(text: string): string[] {
  const passages: string[] = [];
  let current: string[] = [];
  for (const sentence of matchSentences(text).flatMap(cutLong)) {
    if (current.length > 0 && length(current) + sentence.length > PASSAGE) {
      passages.push(current.join("").trim());
      current = lastOf(current);
    }
    current.push(sentence);
  }
  return [...passages, current.join("").trim()].filter(Boolean);
}

function matchSentences(text: string): string[] {
  return text.trim().match(SENTENCE) ?? [];
}

/** Splits a very long sentence, such as a table without marks, at spaces. */
function cutLong(sentence: string): string[] {
  if (sentence.length <= PASSAGE - OVERLAP) return [sentence];
  return sentence.match(/.{1,600}(?:\s+|$)|.{1,600}/gsu) ?? [];
}

function lastOf(sentences: readonly string[]): string[] {
  const kept: string[] = [];
  for (const sentence of sentences.toReversed()) {
    if (length(kept) + sentence.length > OVERLAP) break;
    kept.unshift(sentence);
  }
  return kept;
}

function length(sentences: readonly string[]): number {
  return sentences.reduce((sum, sentence) => sum + sentence.length, 0);
}
