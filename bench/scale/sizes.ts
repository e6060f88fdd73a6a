/** The number of messages in a database. */
export const SIZES = { "50k": 50_000, "500k": 500_000, "5m": 5_000_000 } as const;

/** The name of a size and of its database. */
export type Size = keyof typeof SIZES;

/** Returns whether a text names a size. */
export function isSize(text: string): text is Size {
  return text in SIZES;
}

/** Returns the sizes up to `largest`, smallest first. */
export function sizesUpTo(largest: Size): Size[] {
  return Object.keys(SIZES).filter(isSize).filter((size) => SIZES[size] <= SIZES[largest]);
}
