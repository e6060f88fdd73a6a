const QUOTED_CHARACTERS = 500;
const TITLE_WORDS = 6;

/** Returns `text` on one line, cut to at most `limit` characters; never cuts through a character. */
export function shorten(text: string, limit: number): string {
  const characters = Array.from(text.replace(/\s+/g, " ").trim());
  if (characters.length <= limit) return characters.join("");
  return `${characters.slice(0, limit - 1).join("")}…`;
}

/** Returns `text` in quotation marks, shortened if it is long. */
export function quote(text: string): string {
  return `"${shorten(text, QUOTED_CHARACTERS)}"`;
}

/** Returns a title of at most six words from `text`. */
export function composeTitle(text: string): string {
  const words = (text.match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu) ?? []).slice(0, TITLE_WORDS);
  const title = words.join(" ") || "New conversation";
  return title.charAt(0).toUpperCase() + title.slice(1);
}

/** Splits `text` into one piece per word, each with the space before it; the joined pieces are `text` again. */
export function splitTokens(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

/** Returns the first half of the words of `text`, at least one word. */
export function firstHalf(text: string): string {
  const tokens = splitTokens(text);
  return tokens.slice(0, Math.ceil(tokens.length / 2)).join("");
}
