import { AbstractChat, type ChatState, type ChatTransport, type UIMessage } from "ai";
import type { ParleyMessage } from "../../types/api.ts";

/** Keeps the messages of a chat in memory. */
export class MemoryState<Message extends UIMessage> implements ChatState<Message> {
  status: ChatState<Message>["status"] = "ready";
  error: Error | undefined;
  messages: Message[];
  pushMessage = (message: Message) => void this.messages.push(message);
  popMessage = () => void this.messages.pop();
  replaceMessage = (index: number, message: Message) => void (this.messages[index] = message);
  snapshot = <Thing>(thing: Thing): Thing => structuredClone(thing);

  constructor(messages: Message[]) {
    this.messages = messages;
  }
}

/** The core of `useChat`, without React. It remembers the tools that it was asked to run itself. */
export class TestChat extends AbstractChat<ParleyMessage> {
  readonly localCalls: string[];

  constructor(options: {
    id?: string;
    messages?: ParleyMessage[];
    transport: ChatTransport<ParleyMessage>;
  }) {
    const localCalls: string[] = [];
    super({
      id: options.id,
      state: new MemoryState(options.messages ?? []),
      transport: options.transport,
      onToolCall: ({ toolCall }) => void localCalls.push(toolCall.toolName),
    });
    this.localCalls = localCalls;
  }
}
