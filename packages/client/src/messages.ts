import type { MessageMetadata } from "../../../types/client-results.ts";
import { messageFacts } from "../../../types/message-facts.ts";
import type { Calls } from "./calls.ts";
import type { MessageRow } from "./database.ts";
import type { ParleyMessage } from "./ui-message.ts";

export type { MessageMetadata };

/** Which messages `messages.history` returns. */
export interface HistoryOptions {
  /** The `before` of the page after this one. Without it, the newest page. */
  before?: number | null | undefined;
  /** Messages in the page; 50 by default, 999 at most. */
  limit?: number;
}

/** A page of a chat's history. */
export interface History {
  /** The messages in reading order, for `useChat`. */
  messages: ParleyMessage[];
  /** The rows of the same messages, with what a `UIMessage` lacks, such as `feedback` and `created_at`. */
  rows: MessageRow[];
  /** Reads the page before this one; null on the first page of the chat. */
  before: number | null;
}

/** The messages of the caller's chats. */
export interface Messages {
  /**
   * Reads a page of a chat: the newest messages, or those before a page that was read.
   *
   * @example
   * const newest = await parley.messages.history(session.id);
   * const earlier = await parley.messages.history(session.id, { before: newest.before });
   */
  history(sessionId: string, options?: HistoryOptions): Promise<History>;
  /**
   * Rates a reply: 1 is good, -1 is bad, null takes the rating back.
   *
   * @example
   * const { rows } = await parley.messages.history(session.id);
   * if (rows[1]) await parley.messages.rate(rows[1].id, 1);
   */
  rate(messageId: string, feedback: 1 | -1 | null): Promise<MessageRow>;
}

/**
 * Returns the `UIMessage` of a stored row.
 *
 * @example
 * const { data } = await supabase.from("chat_messages").select().eq("session_id", session.id).limit(10);
 * const shown = data?.map(toUIMessage);
 */
export function toUIMessage(row: MessageRow): ParleyMessage {
  // The functions store only UIMessage.parts here, and the column checks that it is an array.
  return { ...messageFacts(row), parts: row.parts as ParleyMessage["parts"] };
}

/** The API returns at most 1,000 rows: a page, and the row that tells whether there is another one. */
const LARGEST_PAGE = 999;

/** Creates `parley.messages`. */
export function createMessages({ supabase, query }: Calls): Messages {
  const table = () => supabase.from("chat_messages");
  return {
    async history(sessionId, { before, limit: wanted = 50 } = {}) {
      const limit = Math.min(wanted, LARGEST_PAGE);
      // One row more tells whether there is a page before this one.
      const newest = () =>
        table().select().eq("session_id", sessionId).order("seq", { ascending: false }).limit(
          limit + 1,
        );
      const found = await query(() =>
        typeof before === "number" ? newest().lt("seq", before) : newest()
      );
      const rows = found.slice(0, limit).reverse();
      const cursor = found.length > limit ? rows[0]?.seq ?? null : null;
      return { messages: rows.map(toUIMessage), rows, before: cursor };
    },
    rate: (id, feedback) =>
      query(() => table().update({ feedback }).eq("id", id).select().maybeSingle()),
  };
}
