import { stemmer } from "stemmer";

/** Words that are too common to tell texts or questions apart. */
const COMMON = new Set(
  ("a about an and any are as at be been but by can could did do does for from had has have he her his how i " +
    "if in into is it its just many me more much my no not of on or our please say says she should so some " +
    "tell than that the their them then there these they this to us was we were what when where which who " +
    "whom why will with would you your").split(" "),
);

/** Returns the terms of `text` in order: its words without case, accents and endings, and without common words. */
export function readTerms(text: string): string[] {
  const words = text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'’]*/gu) ?? [];
  return words.map(toTerm).filter((term) => term !== null);
}

function toTerm(word: string): string | null {
  const plain = word.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/['’]s?$/, "");
  return plain === "" || COMMON.has(plain) ? null : stemmer(plain);
}
