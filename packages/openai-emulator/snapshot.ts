import { written } from "@parley/emulator-kit/snapshot-file.ts";
import type { Conversations } from "openai/resources/conversations/conversations";
import * as z from "zod";
import { createEventLog } from "./responses/event-log.ts";
import { settleAbandoned } from "./responses/settle-response.ts";
import type { EmulatorState, FileBatchRecord, VectorStoreRecord } from "./state.ts";
import { reloadFile } from "./stores/store-files.ts";
import { buildRecord } from "./stores/vector-stores.ts";
import type { Item, WireFile, WireResponse, WireStoreFile } from "./wire-types.ts";

const VERSION = 1;

/**
 * The state that survives a restart. Responses come without their stream events, and files without their
 * bytes, which are on disk. Vector stores come without passages, which are read from the files again.
 */
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
  // Older snapshots have no files.
  files: z.array(written<WireFile>()).default([]),
  vectorStores: z.array(z.object({
    store: written<VectorStoreRecord["store"]>(),
    expired: z.boolean(),
    files: z.array(written<WireStoreFile>()),
    batches: z.array(written<FileBatchRecord>()),
  })).default([]),
});
export type Snapshot = z.infer<typeof Snapshot>;

/**
 * Returns the current content of `state`. It shares objects with the state, so write it out before anything
 * changes.
 */
export function takeSnapshot(state: EmulatorState): Snapshot {
  const responses = [...state.responses.values()]
    .map(({ response, inputItems, streamed }) => ({ response, inputItems, streamed }));
  const vectorStores = [...state.vectorStores.values()]
    .map(({ store, expired, files, batches }) => ({
      store,
      expired,
      files: [...files.values()],
      batches: [...batches.values()],
    }));
  const conversations = [...state.conversations.values()];
  return {
    version: VERSION,
    conversations,
    responses,
    files: [...state.files.values()],
    vectorStores,
  };
}

/** Restores a snapshot into an empty state. Responses that were running become failed; streams have no events. */
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
  for (const file of snapshot.files) state.files.set(file.id, file);
  for (const restored of snapshot.vectorStores) restoreStore(state, restored);
}

function restoreStore(
  state: EmulatorState,
  { store, expired, files, batches }: Snapshot["vectorStores"][number],
): void {
  const record = { ...buildRecord(store), expired };
  for (const file of files) record.files.set(file.id, file);
  for (const batch of batches) record.batches.set(batch.id, batch);
  state.vectorStores.set(store.id, record);
  record.loaded = Promise.all(files.map((file) => reloadFile(state, record, file)));
}
