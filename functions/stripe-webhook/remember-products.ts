import type { FindKnownProducts } from "../_shared/stripe/fetch-payments.ts";

/** Wraps a search for known products, so that it asks for each known product once: a known one stays known. */
export function rememberProducts(find: FindKnownProducts): FindKnownProducts {
  const known = new Set<string>();
  return async (ids) => {
    const unknown = ids.filter((id) => !known.has(id));
    if (unknown.length > 0) { for (const id of await find(unknown)) known.add(id); }
    return known;
  };
}
