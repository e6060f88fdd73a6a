import type { Calls } from "./calls.ts";
import { readError } from "./errors.ts";
import type { CallOptions } from "./options.ts";
import { openReply, type ReplyRequest } from "./open-reply.ts";
import { toStream } from "./to-stream.ts";
import type { ParleyTransport, ReplyChunk } from "./ui-message.ts";

/** A message in the short form. */
export interface SendMessage extends CallOptions {
  /** The chat. */
  sessionId: string;
  /** The text. */
  content: string;
  /** The id of the message; a new one by default. Sending the same id again does not generate a second reply. */
  messageId?: string;
  /** Files of the chat that belong to the message. */
  fileIds?: string[];
  /** True lets the assistant search the web, which counts as a search. */
  search?: boolean;
  /** What to do while another reply is being written in the chat: refuse the message, or stop that reply. */
  whenBusy?: "refuse" | "interrupt";
}

/** Messages, replies and their streams. */
export interface Chat {
  /**
   * Returns the transport for `useChat` of the AI SDK. It sends the last message only, with the current token. If a
   * line is cut in the middle of a reply, it joins the reply again, and `useChat` shows one reply without a gap.
   *
   * The `body` of `sendMessage` may have `search`, `file_ids` and `when_busy`.
   *
   * @example
   * const { messages } = await parley.messages.history(session.id);
   * const options = { id: session.id, messages, resume: true, transport: parley.chat.transport() };
   */
  transport(): ParleyTransport;
  /**
   * Sends a message and returns the chunks of its reply, without the AI SDK.
   *
   * @example
   * for await (const chunk of parley.chat.send({ sessionId: session.id, content: "Why does it rain?" })) {
   *   if (chunk.type === "text-delta") console.log(chunk.delta);
   * }
   */
  send(message: SendMessage): AsyncGenerator<ReplyChunk, void, undefined>;
  /**
   * Returns the chunks of the reply that is being written, from its beginning; none if there is no such reply.
   *
   * @example
   * for await (const chunk of parley.chat.join(session.id)) console.log(chunk.type);
   */
  join(sessionId: string, options?: CallOptions): AsyncGenerator<ReplyChunk, void, undefined>;
  /**
   * Stops the reply that is being written, whichever device asked for it. The text so far stays. Resolves with false if
   * no reply is being written.
   *
   * @example
   * await parley.chat.stop(session.id);
   */
  stop(sessionId: string): Promise<boolean>;
}

/** Creates `parley.chat`. */
export function createChat(calls: Calls): Chat {
  async function* run(request: ReplyRequest) {
    try {
      const reply = await openReply(calls, request);
      if (reply) yield* reply.chunks;
    } catch (error) {
      throw readError(error);
    }
  }

  return {
    transport: () => createTransport(calls),
    send(
      { sessionId, content, messageId = crypto.randomUUID(), fileIds, search, whenBusy, signal },
    ) {
      const body = {
        session_id: sessionId,
        content,
        message_id: messageId,
        file_ids: fileIds,
        search,
        when_busy: whenBusy,
      };
      return run({ sessionId, body, isRepeatable: true, signal });
    },
    join: (sessionId, options) => run({ sessionId, ...options }),
    stop: async (sessionId) => {
      const reply = await calls.invoke<{ status: string } | "">("POST", `chat/${sessionId}/stop`);
      return reply !== "";
    },
  };
}

function createTransport(calls: Calls): ParleyTransport {
  return {
    // `ai` 7 then resets the message that it shows before the first chunk of a joined reply.
    resumeStreamIsReplay: true,
    async sendMessages({ trigger, chatId, messageId, messages, abortSignal, body, headers }) {
      const isNew = trigger === "submit-message";
      const reply = await openReply(calls, {
        sessionId: chatId,
        body: {
          ...body,
          id: chatId,
          trigger,
          messageId,
          ...(isNew && { message: messages.at(-1) }),
        },
        // A regeneration that is sent again would begin another one.
        isRepeatable: isNew,
        goesOn: messages.at(-1)?.role !== "user",
        headers,
        signal: abortSignal,
      });
      return reply ? toStream(reply) : new ReadableStream();
    },
    async reconnectToStream({ chatId, headers, ...options }) {
      const signal = "abortSignal" in options ? options.abortSignal : undefined;
      const reply = await openReply(calls, { sessionId: chatId, headers, signal });
      return reply && toStream(reply);
    },
  };
}
