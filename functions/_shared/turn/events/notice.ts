/** The notices that a reply can contain besides its text: a stable code and a sentence for each. */
const NOTICES = {
  search_unavailable: "Your files could not be searched this time. The answer does not use them.",
} as const satisfies Record<string, string>;

/** A notice, as a chunk and as a stored part. */
export type NoticePart = {
  type: "data-notice";
  data: { code: string; message: string };
};

/** Returns the notice with this code. */
export function notice(code: keyof typeof NOTICES): NoticePart {
  return { type: "data-notice", data: { code, message: NOTICES[code] } };
}

/** Returns the notices of a stored reply, which are its first parts. */
export function storedNotices(row: { parts: unknown } | null): NoticePart[] {
  // The functions store only UIMessage.parts here, and notices are the only data parts.
  const parts = (row?.parts ?? []) as unknown as (NoticePart | { type: "other" })[];
  return parts.filter((part) => part.type === "data-notice");
}
