import { stemmer } from "stemmer";

/** Words that are too common to tell texts or questions apart. */
const COMMON = new Set(
  ("a about an and any are as at be been but by can could did do does for from had has have he her his how i " +
    "if in into is it its just many me more much my no not of on or our please say says she should so some " +
    "tell than that the their them then there these they this to us was we were what when where which who " +
    "whom why will with would you your").split(" "),
);

/** A run of characters in a script without spaces between words. */
const UNSPACED =
  /([\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}ー]+)/u;

/**
 * Returns the terms of `text` in order: its words without case, accents and endings, and without common words. A text
 * without spaces, such as Japanese, has a term for each two neighbouring characters, so that any part of it is found.
 */
export function readTerms(text: string): string[] {
  const words = text.normalize("NFC").match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'’ー]*/gu) ?? [];
  return words.flatMap(toTerms);
}

function toTerms(word: string): string[] {
  return word.split(UNSPACED).flatMap((run, index) =>
    index % 2 === 0 ? toTerm(run) ?? [] : toPairs(run)
  );
}

function toPairs(run: string): string[] {
  const characters = Array.from(run.normalize("NFKC"));
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}

function toTerm(word: string): string | null {
  const plain = word.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/['’]s?$/, "");
  return plain === "" || COMMON.has(plain) ? null : stemmer(plain);
}
