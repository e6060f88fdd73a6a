import { Hono } from "hono";
import type { BlankSchema } from "hono/types";
import type { Conversations } from "openai/resources/conversations/conversations";
import { notFound } from "../http/api-error.ts";
import { nowInSeconds } from "../responses/build-response.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findConversation } from "../find-records.ts";
import { newId } from "../new-id.ts";
import { paginate } from "../http/paginate.ts";
import { parseBody, parseInput } from "../http/parse-request.ts";
import {
  CreateConversation,
  CreateItems,
  ListQuery,
  UpdateConversation,
} from "../responses/request-schemas.ts";
import type { ConversationRecord, EmulatorState } from "../state.ts";
import { toItems } from "./to-items.ts";

/**
 * Returns the routes of `/conversations`: create, retrieve, update, delete. `itemsRoutes` has those of their
 * items.
 */
export function conversationsRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .post("/", async (c) => {
      const { items, metadata } = await parseBody(c.req, CreateConversation);
      const conversation = buildConversation(metadata ?? {});
      const record = { conversation, items: toItems(items ?? []), deleted: false };
      state.conversations.set(conversation.id, record);
      state.changed();
      return c.json(conversation);
    })
    .get("/:id", (c) => c.json(findConversation(state, c.req.param("id")).conversation))
    .post("/:id", async (c) => {
      const { conversation } = findConversation(state, c.req.param("id"));
      const { metadata } = await parseBody(c.req, UpdateConversation);
      conversation.metadata = metadata ?? {};
      state.changed();
      return c.json(conversation);
    })
    .delete("/:id", (c) => {
      const record = findConversation(state, c.req.param("id"));
      record.deleted = true;
      state.changed();
      const { id } = record.conversation;
      return c.json({ id, object: "conversation.deleted", deleted: true });
    })
    .route("/:id/items", itemsRoutes(state));
}

function itemsRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv, BlankSchema, "/:id/items">()
    .get("/", (c) => {
      const { items } = findConversation(state, c.req.param("id"));
      return c.json(paginate(items, parseInput(c.req.query(), ListQuery)));
    })
    .post("/", async (c) => {
      const record = findConversation(state, c.req.param("id"));
      const added = toItems((await parseBody(c.req, CreateItems)).items);
      record.items.push(...added);
      state.changed();
      return c.json(paginate(added, { limit: added.length, order: "asc" }));
    })
    .get("/:item_id", (c) => {
      const { items } = findConversation(state, c.req.param("id"));
      return c.json(items[findItem(items, c.req.param("item_id"))]);
    })
    .delete("/:item_id", (c) => {
      const { conversation, items } = findConversation(state, c.req.param("id"));
      items.splice(findItem(items, c.req.param("item_id")), 1);
      state.changed();
      return c.json(conversation);
    });
}

function buildConversation(metadata: Record<string, string>): Conversations.Conversation {
  return { id: newId("conv"), object: "conversation", created_at: nowInSeconds(), metadata };
}

function findItem(items: ConversationRecord["items"], id: string): number {
  const index = items.findIndex((item) => item.id === id);
  if (index < 0) throw notFound("Item", id);
  return index;
}
