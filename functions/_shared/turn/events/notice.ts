/** The notices that a reply can contain besides its text: a stable code and a sentence for each. */
const NOTICES = {
  web_search_off: "The assistant can use tools, so it did not search the web.",
  search_unavailable: "Your files could not be searched this time. The answer does not use them.",
  made_file_limit_reached:
    "The assistant made a file, but this chat has as many files as your plan allows. " +
    "Delete a file of this chat or upgrade the plan, then regenerate the reply.",
  made_file_storage_full:
    "The assistant made a file, but your files take as much room as your plan allows. " +
    "Delete files or chats, or upgrade the plan, then regenerate the reply.",
  made_file_too_large: "The assistant made a file that is larger than your plan allows. " +
    "Ask for a smaller file or upgrade the plan.",
  made_file_expired:
    "The assistant made a file, but the AI provider has already deleted it. Regenerate the reply.",
  made_file_not_stored:
    "The assistant made a file, but the file could not be stored. Regenerate the reply.",
} as const satisfies Record<string, string>;

/** The code of a notice. */
export type NoticeCode = keyof typeof NOTICES;

/** A notice, as a chunk and as a stored part. */
export type NoticePart = {
  type: "data-notice";
  data: { code: string; message: string };
};

/** Returns the notice with this code. */
export function notice(code: NoticeCode): NoticePart {
  return { type: "data-notice", data: { code, message: NOTICES[code] } };
}
