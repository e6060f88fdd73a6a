/** What files belong to: a session or an assistant. One of the fields is set. A collection has one vector store. */
export interface Collection {
  session_id: string | null;
  assistant_slug: string | null;
}

/** Returns the collection that fields of a request or a row name. */
export function collectionOf(
  { session_id, assistant_slug }: Partial<Collection>,
): Collection {
  return { session_id: session_id ?? null, assistant_slug: assistant_slug ?? null };
}

/** Returns true if both belong to the same collection. */
export function isSameCollection(one: Collection, other: Collection): boolean {
  return one.session_id === other.session_id && one.assistant_slug === other.assistant_slug;
}

/** Returns the condition for the rows of a collection. */
export function collectionFilter({ session_id, assistant_slug }: Collection) {
  return session_id === null ? { assistant_slug } : { session_id };
}

/** Returns a collection as arguments of a function in the database. */
export function collectionArguments({ session_id, assistant_slug }: Collection) {
  return { session_id: session_id ?? undefined, assistant_slug: assistant_slug ?? undefined };
}
