/** Returns a text as Postgres can store it: without NUL, and with lone surrogates replaced. */
export function toStoredText(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}
