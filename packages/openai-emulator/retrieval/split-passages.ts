/** Length of a passage and of what it repeats of the one before, in characters. */
const PASSAGE = 800;
const OVERLAP = 200;

/** A sentence with the space after it: up to its mark before a capital or a number, or to the end of its line. */
const SENTENCE = /.+?(?:[.!?…]["'”’)\]]*[^\S\n]+(?=["'“‘(\[]*[\p{Lu}\p{N}])|[。！？]|\n+|$)/gsu;

/** The sentences of `text`, trimmed; a line break ends one too. */
export function splitSentences(text: string): string[] {
  return matchSentences(text).map((sentence) => sentence.trim()).filter(Boolean);
}

/** `text` in passages of whole sentences, each beginning with the end of the one before. */
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

/** A sentence that is no sentence, such as a table without marks, cut at spaces. */
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
