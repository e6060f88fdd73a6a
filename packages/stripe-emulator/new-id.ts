const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/**
 * Returns a new id in Stripe's form. It is random, so that an emulator with an empty state never repeats an
 * id that a database still holds.
 */
export function newId(prefix: string): string {
  return `${prefix}_${randomText(24)}`;
}

/** Returns `length` random letters and digits. */
export function randomText(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}
