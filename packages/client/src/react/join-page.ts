import type { ParleyMessage } from "../ui-message.ts";

/** The messages to show after the newest page was read. */
export interface Joined {
  messages: ParleyMessage[];
  /** True if the earlier messages that were shown stay. False if messages between them and the page may be missing. */
  isJoined: boolean;
}

/**
 * Joins the newest page with what is shown. The page replaces the messages from its first one on. A last message of the
 * user that is not stored stays, because its text is nowhere else.
 */
export function joinPage(shown: ParleyMessage[], page: ParleyMessage[]): Joined {
  const stored = new Set(page.map(({ id }) => id));
  const first = shown.findIndex(({ id }) => id === page[0]?.id);
  const last = shown.at(-1);
  const unsent = last?.role === "user" && !stored.has(last.id) ? [last] : [];
  return {
    messages: [...shown.slice(0, Math.max(first, 0)), ...page, ...unsent],
    isJoined: first >= 0,
  };
}
