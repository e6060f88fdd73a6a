import type { Conversations } from "openai/resources/conversations/conversations";
import { z } from "zod";
import { createEventLog } from "./event-log.ts";
import { settleAbandoned } from "./settle-response.ts";
import type { EmulatorState } from "./state.ts";
import type { Item, WireResponse } from "./wire-types.ts";

const VERSION = 1;

/** What outlives the emulator: conversations and responses, without the events of their streams. */
export const Snapshot = z.object({
  version: z.literal(VERSION),
  conversations: z.array(z.object({
    conversation: written<Conversations.Conversation>(),
    items: z.array(written<Item>()),
    deleted: z.boolean(),
  })),
  responses: z.array(z.object({
    response: written<WireResponse>(),
    inputItems: z.array(written<Item>()),
    streamed: z.boolean(),
  })),
});
export type Snapshot = z.infer<typeof Snapshot>;

/** What `state` holds now; it shares its objects, so write it out before anything else happens. */
export function takeSnapshot(state: EmulatorState): Snapshot {
  const responses = [...state.responses.values()]
    .map(({ response, inputItems, streamed }) => ({ response, inputItems, streamed }));
  return { version: VERSION, conversations: [...state.conversations.values()], responses };
}

/** Puts a snapshot into an empty state. What was being generated has failed; streams have no events. */
export function restoreSnapshot(state: EmulatorState, snapshot: Snapshot): void {
  for (const record of snapshot.conversations) {
    state.conversations.set(record.conversation.id, record);
  }
  for (const restored of snapshot.responses) {
    settleAbandoned(restored.response);
    const log = createEventLog();
    log.close();
    state.responses.set(restored.response.id, { ...restored, log });
  }
}

/** An object that an emulator wrote itself: its inside is not checked again. */
function written<Type extends { id: string }>() {
  return z.custom<Type>((value) => typeof value === "object" && value !== null && "id" in value);
}
