import { useCallback, useEffect, useRef, useState } from "react";
import type { ParleyError } from "../errors.ts";
import type { Parley, Session } from "../index.ts";

/** Which chats `useSessions` shows. */
export interface SessionsOptions {
  /** True shows the archived chats only; false, the default, those that are not archived. */
  archived?: boolean | undefined;
  /** Chats that are read at once; 50 by default. */
  pageSize?: number | undefined;
}

/** The chats of the user, latest first. */
export interface SessionList {
  sessions: Session[];
  isLoading: boolean;
  /** Why chats could not be read. */
  error: ParleyError | undefined;
  /** True if there are further chats. */
  hasMore: boolean;
  /** Reads the next page. Never rejects. */
  loadMore(): Promise<void>;
}

/**
 * The list of the user's chats. It follows new chats, titles, messages and deletions, also of other devices.
 *
 * @example
 * function Sidebar() {
 *   const { sessions, hasMore, loadMore } = useSessions(parley);
 *   return (
 *     <nav>
 *       {sessions.map(({ id, title }) => <a key={id} href={`/chats/${id}`}>{title ?? "New chat"}</a>)}
 *       {hasMore && <button onClick={loadMore}>More</button>}
 *     </nav>
 *   );
 * }
 */
export function useSessions(
  parley: Parley,
  { archived = false, pageSize = 50 }: SessionsOptions = {},
): SessionList {
  const [state, setState] = useState(NOTHING);
  const reading = useRef<Reading>(undefined);

  const loadMore = useCallback(async () => {
    const mine = reading.current;
    if (!mine) return;
    setState((now) => ({ ...now, isLoading: true, error: undefined }));
    try {
      const { chats, isEnd } = await readPage(mine.pages, pageSize);
      if (mine !== reading.current) return;
      const isFirst = !mine.isBegun;
      mine.isBegun = true;
      setState((now) => ({
        // What was shown stays until the list that begins again has its first page.
        sessions: isFirst ? chats : merge(now.sessions, chats),
        isLoading: false,
        error: undefined,
        hasMore: !isEnd,
      }));
    } catch (error) {
      if (mine !== reading.current) return;
      // A generator that has thrown is at its end.
      mine.pages = parley.sessions.list({ archived, pageSize });
      setState((now) => ({
        ...now,
        isLoading: false,
        error: parley.errors.read(error),
        hasMore: true,
      }));
    }
  }, [parley, archived, pageSize]);

  useEffect(() => {
    let isCurrent = true;

    const begin = () => {
      const pages = parley.sessions.list({ archived, pageSize });
      reading.current = { pages, isBegun: false };
      void loadMore();
    };

    const update = async ({ session_id }: { session_id: string }) => {
      const session = await parley.sessions.get(session_id).catch(() => undefined);
      if (!isCurrent || session === undefined) return;
      const belongs = session !== null && (session.archived_at !== null) === archived;
      setState((now) => ({
        ...now,
        sessions: belongs
          ? merge(now.sessions, [session])
          : now.sessions.filter(({ id }) => id !== session_id),
      }));
    };

    setState(NOTHING);
    begin();
    const ends = [
      parley.live.onChat(update),
      parley.live.onTitle(update),
      parley.live.onMessage(update),
      parley.live.onJoin(begin),
    ];
    return () => {
      isCurrent = false;
      reading.current = undefined;
      ends.forEach((end) => end());
    };
  }, [parley, archived, pageSize, loadMore]);

  return { ...state, loadMore };
}

/** Reads a page, and tells whether it is the last one. A short page usually is, so the list is asked again. */
async function readPage(
  pages: Reading["pages"],
  pageSize: number,
): Promise<{ chats: Session[]; isEnd: boolean }> {
  const { done, value = [] } = await pages.next();
  if (done || value.length >= pageSize) return { chats: value, isEnd: done === true };
  const rest = await readPage(pages, pageSize);
  return { ...rest, chats: [...value, ...rest.chats] };
}

/** A reading of the list, page by page. */
interface Reading {
  pages: AsyncGenerator<Session[], void, undefined>;
  isBegun: boolean;
}

interface State {
  sessions: Session[];
  isLoading: boolean;
  error: ParleyError | undefined;
  hasMore: boolean;
}

const NOTHING: State = { sessions: [], isLoading: true, error: undefined, hasMore: false };

/** Returns both lists, latest first. A chat of `fresh` replaces the same one. */
function merge(sessions: Session[], fresh: Session[]): Session[] {
  const byId = new Map([...sessions, ...fresh].map((session) => [session.id, session]));
  return [...byId.values()].sort((a, b) => b.updated_at < a.updated_at ? -1 : 1);
}
