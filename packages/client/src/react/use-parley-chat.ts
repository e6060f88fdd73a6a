import { useChat, type UseChatHelpers } from "@ai-sdk/react";
import type { ChatInit } from "ai";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { ParleyError } from "../errors.ts";
import type { Parley, ParleyMessage } from "../index.ts";
import { joinPage } from "./join-page.ts";

/** What `useParleyChat` shows. */
export interface ParleyChatOptions {
  /** The id of the chat: `id` of a row of `chat_sessions`. */
  sessionId: string;
  /** Messages that are read at once; 50 by default, 999 at most. */
  pageSize?: number | undefined;
  /** Runs a tool of the app. Give its output to `addToolOutput`, without waiting for it here. */
  onToolCall?: NonNullable<ChatInit<ParleyMessage>["onToolCall"]>;
  /**
   * Whether to continue the reply, after each output and each decision: `lastAssistantMessageIsCompleteWithToolCalls`
   * or `lastAssistantMessageIsCompleteWithApprovalResponses` of `ai`.
   */
  sendAutomaticallyWhen?: NonNullable<ChatInit<ParleyMessage>["sendAutomaticallyWhen"]>;
  /** Called when a reply ends, however it ended. */
  onFinish?: (end: { message: ParleyMessage }) => void;
  /** Called when a message is refused, or a reply fails. */
  onError?: ((error: ParleyError) => void) | undefined;
}

/** The stored messages of a chat. */
export interface ChatHistory {
  /** `loading` until the newest messages are there; `failed` if they could not be read. */
  status: "loading" | "ready" | "failed";
  /** Why the history, or earlier messages, could not be read. */
  error: ParleyError | undefined;
  /** True if there are messages before the first one that is shown. */
  hasEarlier: boolean;
  /** Reads a page of earlier messages and shows it above the others. Never rejects. */
  loadEarlier(): Promise<void>;
  /** Reads the newest messages again, and joins a reply that is being written. Never rejects. */
  refresh(): Promise<void>;
}

/** A `useChat` that knows the chat's history. */
export interface ParleyChat extends Omit<UseChatHelpers<ParleyMessage>, "error" | "stop"> {
  history: ChatHistory;
  /** Why the last message was refused, or the last reply failed. */
  error: ParleyError | undefined;
  /** Stops the reply on the server, for every device. Its text so far stays. False if none is being written. */
  stop(): Promise<boolean>;
}

/**
 * `useChat` of the AI SDK for a chat of Parley. It shows the newest messages, joins a reply that is being written, for
 * example after a reload, and follows what other devices and lookouts write.
 *
 * @example
 * function Chat({ sessionId }: { sessionId: string }) {
 *   const { messages, sendMessage, status, stop, history } = useParleyChat(parley, { sessionId });
 *   return (
 *     <main>
 *       {history.hasEarlier && <button onClick={history.loadEarlier}>Earlier messages</button>}
 *       {messages.map((message) => <p key={message.id}>{textOf(message)}</p>)}
 *       <button onClick={() => sendMessage({ text: "What is rain?" })}>Ask</button>
 *       {status === "streaming" && <button onClick={stop}>Stop</button>}
 *     </main>
 *   );
 * }
 */
export function useParleyChat(
  parley: Parley,
  { sessionId, pageSize, onError, ...options }: ParleyChatOptions,
): ParleyChat {
  const transport = useMemo(() => parley.chat.transport(), [parley]);
  const chat = useChat<ParleyMessage>({
    id: sessionId,
    transport,
    ...options,
    onError: (error) => onError?.(parley.errors.read(error)),
  });
  const { setMessages, resumeStream } = chat;
  const [pages, setPages] = useState<Pages>(LOADING);
  // Listeners need what is shown now.
  const shown = useRef(chat);
  shown.current = chat;
  /** The number of the last reading. An earlier one that ends later changes nothing. */
  const lastReading = useRef(0);
  /** True if a reading was thrown away because a reply was being shown. */
  const isDue = useRef(false);

  const refresh = useCallback(async () => {
    const reading = ++lastReading.current;
    const isObsolete = () => {
      if (reading !== lastReading.current) return true;
      isDue.current = isBusy(shown.current.status);
      return isDue.current;
    };
    try {
      const page = await parley.messages.history(sessionId, { limit: pageSize ?? 50 });
      if (isObsolete()) return;
      const { messages, isJoined } = joinPage(shown.current.messages, page.messages);
      setMessages(messages);
      setPages((now) => isJoined ? { ...now, error: undefined } : ready(page.before));
      if (page.rows.at(-1)?.status === "streaming") await resumeStream();
    } catch (error) {
      if (isObsolete()) return;
      setPages((now) => ({
        ...now,
        status: now.status === "ready" ? "ready" : "failed",
        error: parley.errors.read(error),
      }));
    }
  }, [parley, sessionId, pageSize, setMessages, resumeStream]);

  const loadEarlier = useCallback(async () => {
    if (pages.before === null) return;
    const { before } = pages;
    try {
      const page = await parley.messages.history(sessionId, { before, limit: pageSize ?? 50 });
      setPages((now) => now.before === before ? ready(page.before) : now);
      setMessages((messages) => {
        const known = new Set(messages.map(({ id }) => id));
        return [...page.messages.filter(({ id }) => !known.has(id)), ...messages];
      });
    } catch (error) {
      setPages((now) => ({ ...now, error: parley.errors.read(error) }));
    }
  }, [parley, sessionId, pageSize, pages, setMessages]);

  useEffect(() => {
    setPages(LOADING);
    void refresh();
    const ends = [
      parley.live.onMessage((event) => {
        if (event.session_id !== sessionId || isBusy(shown.current.status)) return;
        const known = shown.current.messages.find(({ id }) => id === event.message_id);
        const isBegun = !known || known.metadata?.status === "streaming";
        // A reply that ends with a tool call waits for it, and another device may have gone on.
        if (isBegun || known.parts.at(-1)?.type.includes("tool")) void refresh();
      }),
      parley.live.onJoin(() => void refresh()),
    ];
    return () => {
      lastReading.current++;
      ends.forEach((end) => end());
    };
  }, [parley, sessionId, refresh]);

  useEffect(() => {
    if (isDue.current && !isBusy(chat.status)) void refresh();
  }, [chat.status, refresh]);

  const stop = useCallback(() => parley.chat.stop(sessionId), [parley, sessionId]);
  const { status, error, before } = pages;
  return {
    ...chat,
    error: chat.error && parley.errors.read(chat.error),
    stop,
    history: { status, error, hasEarlier: before !== null, loadEarlier, refresh },
  };
}

/** What was read of the history, and where the page before it begins. */
interface Pages {
  status: ChatHistory["status"];
  error: ParleyError | undefined;
  before: number | null;
}

const LOADING: Pages = { status: "loading", error: undefined, before: null };

function ready(before: number | null): Pages {
  return { status: "ready", error: undefined, before };
}

function isBusy(status: UseChatHelpers<ParleyMessage>["status"]): boolean {
  return status === "submitted" || status === "streaming";
}
