/** What a client may be told about a reply besides its text; each is a stable code and a sentence of ours. */
const NOTICES = {
  search_unavailable: "Your files could not be searched this time. The answer does not use them.",
} as const satisfies Record<string, string>;

/** A notice, as a chunk and as a stored part. */
export type NoticePart = {
  type: "data-notice";
  data: { code: string; message: string };
};

/** The notice with this code. */
export function notice(code: keyof typeof NOTICES): NoticePart {
  return { type: "data-notice", data: { code, message: NOTICES[code] } };
}

/** The notices that begin a stored reply. */
export function storedNotices(row: { parts: unknown } | null): NoticePart[] {
  // The functions store nothing but UIMessage.parts here, and the only data parts are ours.
  const parts = (row?.parts ?? []) as unknown as (NoticePart | { type: "other" })[];
  return parts.filter((part) => part.type === "data-notice");
}
