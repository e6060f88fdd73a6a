// The types of `useChat` in @ai-sdk/react 4.0.177, which goes with the version of `ai` that package.json names. The
// package itself needs React, which nothing else here does.
// Source: https://github.com/vercel/ai/blob/main/packages/react/src/use-chat.ts
import type { AbstractChat, ChatInit, UIMessage } from "ai";

export type UseChatHelpers<Message extends UIMessage> =
  & {
    readonly id: string;
    setMessages(messages: Message[] | ((messages: Message[]) => Message[])): void;
    error: Error | undefined;
  }
  & Pick<
    AbstractChat<Message>,
    "sendMessage" | "regenerate" | "stop" | "resumeStream" | "status" | "messages" | "clearError"
  >;

export type UseChatOptions<Message extends UIMessage> = ChatInit<Message> & {
  throttle?: number;
  resume?: boolean;
};

export declare function useChat<Message extends UIMessage = UIMessage>(
  options?: UseChatOptions<Message>,
): UseChatHelpers<Message>;
