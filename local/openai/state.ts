import type { Conversations } from "openai/resources/conversations/conversations";
import type { BehaviourStore } from "./behaviour.ts";
import { createBehaviourStore } from "./behaviour.ts";
import type { EventLog } from "./event-log.ts";
import type { RequestLog } from "./request-log.ts";
import { createRequestLog } from "./request-log.ts";
import type { Item, WireResponse } from "./wire-types.ts";

/** A conversation and its items, oldest first. Items outlive a deleted conversation, as at OpenAI. */
export interface ConversationRecord {
  conversation: Conversations.Conversation;
  items: Item[];
  deleted: boolean;
}

/** A response, what it was asked, and its events. */
export interface ResponseRecord {
  response: WireResponse;
  inputItems: Item[];
  /** Whether it was created with `stream: true`: only such a one can be streamed again. */
  streamed: boolean;
  log: EventLog;
}

/** A response that is being generated. */
export interface Run {
  record: ResponseRecord;
  cancel(): void;
  /** Resolves when the response has settled, however it did. */
  finished: Promise<void>;
}

/** Everything the emulator knows. */
export interface EmulatorState {
  conversations: Map<string, ConversationRecord>;
  responses: Map<string, ResponseRecord>;
  runs: Map<string, Run>;
  behaviour: BehaviourStore;
  requests: RequestLog;
  /** Called after each change of what a snapshot holds. */
  changed(): void;
}

/** An empty state that reports its changes to `changed`. */
export function createState(changed: () => void): EmulatorState {
  return {
    conversations: new Map(),
    responses: new Map(),
    runs: new Map(),
    behaviour: createBehaviourStore(),
    requests: createRequestLog(),
    changed,
  };
}
