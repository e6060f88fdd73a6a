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

/** What an app decides about the tools of a chat. */
export interface AppTools {
  onToolCall?: (
    call: { toolName: string; toolCallId: string; input: unknown },
    chat: TestChat,
  ) => void;
  sendAutomaticallyWhen?: (options: { messages: ParleyMessage[] }) => boolean;
}

/** The core of `useChat`, without React. It remembers the tools that it was asked to run itself. */
export class TestChat extends AbstractChat<ParleyMessage> {
  readonly localCalls: string[];

  constructor(options: {
    id?: string;
    messages?: ParleyMessage[];
    transport: ChatTransport<ParleyMessage>;
    tools?: AppTools | undefined;
  }) {
    const localCalls: string[] = [];
    super({
      id: options.id,
      state: new MemoryState(options.messages ?? []),
      transport: options.transport,
      onToolCall: ({ toolCall }) => {
        localCalls.push(toolCall.toolName);
        options.tools?.onToolCall?.(toolCall, this);
      },
      ...(options.tools?.sendAutomaticallyWhen && {
        sendAutomaticallyWhen: options.tools.sendAutomaticallyWhen,
      }),
    });
    this.localCalls = localCalls;
  }
}
