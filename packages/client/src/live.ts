import type { RealtimeChannel } from "@supabase/supabase-js";
import type { Calls } from "./calls.ts";
import type { FileRow, MessageRow } from "./database.ts";

/** A chat was created or deleted. */
export interface ChatEvent {
  event: "chat_created" | "chat_deleted";
  session_id: string;
}

/** A chat has another title. Read it with `sessions.get`. */
export interface TitleEvent {
  event: "title_changed";
  session_id: string;
  /** Who named the chat. */
  title_origin: string | null;
}

/** A message was stored (a reply begins with the status `streaming`), or a reply ended. */
export interface MessageEvent {
  event: "message_created" | "reply_settled";
  session_id: string;
  message_id: string;
  sender: MessageRow["sender"];
  status: MessageRow["status"];
}

/** A file is new, or has another status. */
export interface FileEvent {
  event: "file_changed";
  file_id: string;
  session_id: string | null;
  origin: FileRow["origin"];
  status: FileRow["status"];
}

/** `usage()` returns something else. */
export interface UsageEvent {
  event: "usage_changed";
}

/** Ends a subscription. Calling it again does nothing. */
export type Unsubscribe = () => void;

/**
 * What changed for the caller on any device. All listeners share one channel: the first one joins it, and the last one
 * leaves it. Events hold ids and states only, so read the row.
 */
export interface Live {
  /**
   * Hears of new and deleted chats.
   *
   * @example
   * const stop = parley.live.onChat(({ event, session_id }) => console.log(event, session_id));
   */
  onChat(listener: (event: ChatEvent) => void): Unsubscribe;
  /**
   * Hears of new titles.
   *
   * @example
   * const stop = parley.live.onTitle(async ({ session_id }) => {
   *   console.log((await parley.sessions.get(session_id))?.title);
   * });
   */
  onTitle(listener: (event: TitleEvent) => void): Unsubscribe;
  /**
   * Hears of new messages and of the ends of replies.
   *
   * @example
   * const stop = parley.live.onMessage(({ event, session_id }) => console.log(event, session_id));
   */
  onMessage(listener: (event: MessageEvent) => void): Unsubscribe;
  /**
   * Hears of new files, and of each new status of a file.
   *
   * @example
   * const stop = parley.live.onFile(({ file_id, status }) => console.log(file_id, status));
   */
  onFile(listener: (event: FileEvent) => void): Unsubscribe;
  /**
   * Hears that the usage, the plan or the credits changed.
   *
   * @example
   * const stop = parley.live.onUsage(async () => console.log(await parley.usage()));
   */
  onUsage(listener: (event: UsageEvent) => void): Unsubscribe;
  /**
   * Hears that the channel is joined: for the first time, and again after a lost line. Events before it may have been
   * missed, so load your lists then.
   *
   * @example
   * const stop = parley.live.onJoin(() => console.log("Load the lists."));
   */
  onJoin(listener: () => void): Unsubscribe;
}

interface Joined {
  event: "joined";
}
type LiveEvent = ChatEvent | TitleEvent | MessageEvent | FileEvent | UsageEvent | Joined;
type Listener = (event: LiveEvent) => void;

/** The pause before the channel is opened again, if that failed before Realtime was asked. */
const RETRY_MS = 5_000;

/** Creates `parley.live`. */
export function createLive(calls: Calls): Live {
  const listeners = new Set<Listener>();
  let line: Line | null = null;
  let closing: Promise<unknown> = Promise.resolve();

  function on<Heard extends LiveEvent>(
    names: Heard["event"][],
    listener: (event: Heard) => void,
  ): Unsubscribe {
    const hear: Listener = (event) => {
      if (isOneOf(event, names)) listener(event);
    };
    listeners.add(hear);
    line ??= openLine(calls, closing, (event) => listeners.forEach((each) => each(event)));
    return () => {
      listeners.delete(hear);
      if (listeners.size > 0 || !line) return;
      closing = line.close();
      line = null;
    };
  }

  return {
    onChat: (listener) => on(["chat_created", "chat_deleted"], listener),
    onTitle: (listener) => on(["title_changed"], listener),
    onMessage: (listener) => on(["message_created", "reply_settled"], listener),
    onFile: (listener) => on(["file_changed"], listener),
    onUsage: (listener) => on(["usage_changed"], listener),
    onJoin: (listener) => on<Joined>(["joined"], () => listener()),
  };
}

function isOneOf<Heard extends LiveEvent>(
  event: LiveEvent,
  names: Heard["event"][],
): event is Heard {
  return names.some((name) => name === event.event);
}

/** A subscription to the channel of the user who is signed in. */
interface Line {
  close(): Promise<unknown>;
}

/**
 * Joins the channel of the caller, and that of the next user after another sign-in. Realtime joins again by itself
 * after a lost connection.
 */
function openLine(
  { supabase, profileId }: Calls,
  closing: Promise<unknown>,
  hear: Listener,
): Line {
  let channel: RealtimeChannel | null = null;
  let left = closing;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let userId: string | undefined;
  let turn = 0;

  function leave(): Promise<unknown> {
    turn += 1;
    clearTimeout(retry);
    if (channel) left = supabase.removeChannel(channel);
    channel = null;
    return left;
  }

  async function join(): Promise<void> {
    // supabase-js has one channel for each topic, so the earlier one must be gone.
    const isLeft = leave();
    const mine = turn;
    try {
      await isLeft;
      const id = await profileId();
      // Realtime refuses a private channel without the token, and supabase-js sends it only from now on.
      await supabase.realtime.setAuth();
      if (mine === turn) channel = subscribe(id);
    } catch {
      if (mine === turn) retry = setTimeout(join, RETRY_MS);
    }
  }

  function subscribe(id: string): RealtimeChannel {
    return supabase.channel(`user:${id}`, { config: { private: true } })
      .on("broadcast", { event: "*" }, ({ event, payload }) => {
        // The triggers of the database send the fields of the interfaces above.
        hear({ ...payload, event } as LiveEvent);
      })
      .subscribe((state) => {
        if (state === "SUBSCRIBED") hear({ event: "joined" });
      });
  }

  function follow(next: string | undefined): void {
    if (next === userId) return;
    userId = next;
    // supabase-js holds a lock while it reports a change of the user.
    if (next === undefined) void leave();
    else setTimeout(join, 0);
  }

  const watch = watchUser(supabase, follow);
  if (!watch) void join();
  return {
    close() {
      watch?.unsubscribe();
      return leave();
    },
  };
}

function watchUser(
  supabase: Calls["supabase"],
  follow: (userId: string | undefined) => void,
): { unsubscribe(): void } | null {
  try {
    return supabase.auth.onAuthStateChange((_, session) => follow(session?.user.id)).data
      .subscription;
  } catch {
    return null; // A client with the option accessToken has no auth.
  }
}
