import { Hono } from "hono";
import { notFound } from "./api-error.ts";
import { Behaviour } from "./behaviour.ts";
import type { EmulatorEnv } from "./emulator-env.ts";
import { parseBody } from "./parse-request.ts";
import type { EmulatorState } from "./state.ts";

/** `/_emulator`: what tests use to command the emulator and to see what arrived. */
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
    });
}

function listObjects(state: EmulatorState) {
  const conversations = [...state.conversations.values()]
    // A deleted conversation is gone once nothing of it is left.
    .filter(({ deleted, items }) => !deleted || items.length > 0)
    .map(({ conversation, items }) => ({ id: conversation.id, items }));
  const responses = [...state.responses.values()].map(({ response }) => ({
    id: response.id,
    status: response.status,
    conversation_id: response.conversation?.id ?? null,
  }));
  return { conversations, files: [], vector_stores: [], responses };
}
