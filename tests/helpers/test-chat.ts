import { AbstractChat, type ChatState, type ChatTransport } from "ai";
import type { ParleyMessage } from "../../types/api.ts";

/** Keeps the messages of a chat in memory. */
export class MemoryState implements ChatState<ParleyMessage> {
  status: ChatState<ParleyMessage>["status"] = "ready";
  error: Error | undefined;
  messages: ParleyMessage[];
  pushMessage = (message: ParleyMessage) => void this.messages.push(message);
  popMessage = () => void this.messages.pop();
  replaceMessage = (index: number, message: ParleyMessage) => void (this.messages[index] = message);
  snapshot = <Thing>(thing: Thing): Thing => structuredClone(thing);

  constructor(messages: ParleyMessage[]) {
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
