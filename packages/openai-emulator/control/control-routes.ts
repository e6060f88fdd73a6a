import { Hono } from "hono";
import { notFound } from "../http/api-error.ts";
import { Behaviour } from "./behaviour.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { parseBody } from "../http/parse-request.ts";
import { removeFile } from "../files/files.ts";
import { findStore } from "../find-records.ts";
import type { EmulatorState } from "../state.ts";
import { expireStore, showStore } from "../stores/vector-stores.ts";

/** Returns the routes of `/_emulator`, where tests command the emulator and inspect what it received. */
export function controlRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/behaviour", (c) => c.json(state.behaviour.get()))
    .put("/behaviour", async (c) => {
      state.behaviour.set(await parseBody(c.req, Behaviour));
      return c.json(state.behaviour.get());
    })
    .delete("/behaviour", (c) => {
      state.behaviour.set({});
      return c.json(state.behaviour.get());
    })
    .get("/requests", (c) => c.json(state.requests.list()))
    .get("/objects", (c) => c.json(listObjects(state)))
    .post("/conversations/:id/forget", (c) => {
      const id = c.req.param("id");
      if (!state.conversations.delete(id)) throw notFound("Conversation", id);
      state.changed();
      return c.json({ id, forgotten: true });
    })
    .post("/files/:id/forget", async (c) => {
      const id = c.req.param("id");
      await removeFile(state, id);
      return c.json({ id, forgotten: true });
    })
    .post("/vector_stores/:id/expire", (c) => {
      const record = findStore(state, c.req.param("id"));
      expireStore(state, record);
      return c.json(showStore(record));
    });
}

function listObjects(state: EmulatorState) {
  const conversations = [...state.conversations.values()]
    // A deleted conversation is listed as long as it still has items.
    .filter(({ deleted, items }) => !deleted || items.length > 0)
    .map(({ conversation, items }) => ({ id: conversation.id, items }));
  const responses = [...state.responses.values()].map(({ response }) => ({
    id: response.id,
    status: response.status,
    conversation_id: response.conversation?.id ?? null,
  }));
  const files = [...state.files.values()]
    .map(({ id, filename, purpose, bytes }) => ({ id, filename, purpose, bytes }));
  const vector_stores = [...state.vectorStores.values()].map((record) => {
    const { id, status } = showStore(record);
    return { id, status, file_ids: [...record.files.keys()] };
  });
  return { conversations, files, vector_stores, responses };
}
