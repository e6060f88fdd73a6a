import type { Database } from "../../../types/client-database.ts";
import type { Calls } from "./calls.ts";
import type { Session, SharedChat } from "./database.ts";

/** The columns of a new chat that a client chooses. */
export type NewSession = Database["public"]["Tables"]["chat_sessions"]["Insert"];

/** Which chats `sessions.list` returns. */
export interface ListSessions {
  /** True lists the archived chats only; false, the default, those that are not archived. */
  archived?: boolean;
  /** Chats in a page; 50 by default, 1,000 at most. */
  pageSize?: number;
}

/** The chats of the caller. */
export interface Sessions {
  /**
   * Lists the chats page by page, latest first. Each chat comes once, also if it moves to the top meanwhile.
   *
   * @example
   * for await (const page of parley.sessions.list()) console.log(page.map(({ title }) => title));
   */
  list(options?: ListSessions): AsyncGenerator<Session[], void, undefined>;
  /**
   * Reads a chat; null if it does not exist.
   *
   * @example
   * const chat = await parley.sessions.get(session.id);
   */
  get(sessionId: string): Promise<Session | null>;
  /**
   * Creates a chat.
   *
   * @example
   * const chat = await parley.sessions.create({ assistant_slug: "storyteller" });
   */
  create(session: NewSession): Promise<Session>;
  /**
   * Gives a chat a title of the user, which the model does not replace any more.
   *
   * @example
   * await parley.sessions.rename(session.id, "Rain");
   */
  rename(sessionId: string, title: string): Promise<Session>;
  /**
   * Archives a chat, or takes it out of the archive.
   *
   * @example
   * await parley.sessions.archive(session.id);
   */
  archive(sessionId: string, archived?: boolean): Promise<Session>;
  /**
   * Deletes a chat with its messages and files, also while a reply is being written.
   *
   * @example
   * await parley.sessions.delete(session.id);
   */
  delete(sessionId: string): Promise<void>;
  /**
   * Shares a chat. Resolves with the token of its link, which stays the same while the chat is shared.
   *
   * @example
   * const token = await parley.sessions.share(session.id);
   */
  share(sessionId: string): Promise<string>;
  /**
   * Makes a shared chat private. Its link ends at once.
   *
   * @example
   * await parley.sessions.unshare(session.id);
   */
  unshare(sessionId: string): Promise<void>;
  /**
   * Reads a shared chat, also without sign-in. Resolves with null if no chat has this token.
   *
   * @example
   * const shared = await parley.sessions.shared(await parley.sessions.share(session.id));
   */
  shared(token: string): Promise<SharedChat | null>;
}

/** The API returns no more rows at once. */
const LARGEST_PAGE = 1000;

/** Creates `parley.sessions`. */
export function createSessions({ supabase, query, queryOrNull }: Calls): Sessions {
  const table = () => supabase.from("chat_sessions");

  const visible = (archived: boolean) =>
    archived
      ? table().select().not("archived_at", "is", null)
      : table().select().is("archived_at", null);

  async function* list({ archived = false, pageSize: wanted = 50 }: ListSessions = {}) {
    const pageSize = Math.min(wanted, LARGEST_PAGE);
    const latest = () =>
      visible(archived).order("updated_at", { ascending: false }).order("id", { ascending: false });
    const seen = new Set<string>();
    let page = await query(() => latest().limit(pageSize));
    const top = page[0];
    while (page.length > 0) {
      const fresh = page.filter(({ id }) => !seen.has(id));
      fresh.forEach(({ id }) => seen.add(id));
      if (fresh.length > 0) yield fresh;
      const last = page.at(-1);
      if (!last || page.length < pageSize) break;
      const before =
        `updated_at.lt."${last.updated_at}",and(updated_at.eq."${last.updated_at}",id.lt.${last.id})`;
      page = await query(() => latest().or(before).limit(pageSize));
    }
    if (!top || seen.size < pageSize) return;
    // A chat that nobody had seen yet may have moved above the first page meanwhile.
    const moved = await query(() => latest().gt("updated_at", top.updated_at).limit(LARGEST_PAGE));
    const missed = moved.filter(({ id }) => !seen.has(id));
    if (missed.length > 0) yield missed;
  }

  const change = (id: string, values: Database["public"]["Tables"]["chat_sessions"]["Update"]) =>
    query(() => table().update(values).eq("id", id).select().maybeSingle());

  return {
    list,
    get: (id) => queryOrNull(() => table().select().eq("id", id).maybeSingle()),
    create: (session) => query(() => table().insert(session).select().single()),
    rename: (id, title) => change(id, { title }),
    archive: (id, archived = true) =>
      change(id, { archived_at: archived ? new Date().toISOString() : null }),
    async delete(id) {
      await queryOrNull(() => table().delete().eq("id", id));
    },
    share: (id) =>
      query(() => supabase.rpc("set_chat_visibility", { session_id: id, visibility: "public" })),
    async unshare(id) {
      const call = { session_id: id, visibility: "private" } as const;
      await queryOrNull(() => supabase.rpc("set_chat_visibility", call));
    },
    shared: (token) => queryOrNull(() => supabase.rpc("get_shared_chat", { token })),
  };
}
