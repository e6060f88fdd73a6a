import type OpenAI from "openai";
import { APIError } from "openai";
import type Stripe from "stripe";
import { deleteCustomer, replaceEmail } from "../_shared/stripe/delete-customer.ts";
import { mapAtOnce } from "../_shared/session-files/map-at-once.ts";
import { isGone } from "../_shared/openai/store-lost.ts";
import type { FileStorage } from "../_shared/session-files/file-storage.ts";
import type { CleanupDatabase, Deletion } from "./cleanup-database.ts";

/** The most items that one call lists. */
const ITEMS_PER_PAGE = 100;
const ITEMS_AT_ONCE = 8;

interface DeletePorts {
  openai: OpenAI;
  storage: FileStorage;
  /** Null without a key of Stripe. A customer then stays in the outbox until there is a key. */
  stripe: Stripe | null;
  cleanup: Pick<CleanupDatabase, "findPayerEmail">;
}

const deleters: Record<string, (ports: DeletePorts, id: string) => Promise<unknown>> = {
  response: ({ openai }, id) => deleteResponse(openai, id),
  conversation: ({ openai }, id) => deleteConversation(openai, id),
  vector_store: ({ openai }, id) => openai.vectorStores.delete(id),
  file: ({ openai }, id) => openai.files.delete(id),
  object: ({ storage }, path) => storage.remove([path]),
  stripe_customer: ({ stripe }, id) => deleteCustomer(stripe, id),
  stripe_email: async ({ stripe, cleanup }, id) => {
    const email = await cleanup.findPayerEmail(id);
    if (email) await replaceEmail(stripe, id, email);
  },
  vector_store_file: ({ openai }, id) => {
    const [vector_store_id = "", fileId = ""] = id.split("/");
    return openai.vectorStores.files.delete(fileId, { vector_store_id });
  },
};

/** Deletes an object at OpenAI, in Storage or at Stripe. A missing object counts as deleted; other failures throw. */
export async function deleteRemote(ports: DeletePorts, deletion: Deletion): Promise<void> {
  const remove = deleters[deletion.kind];
  if (!remove) throw new Error(`no such kind: ${deletion.kind}`);
  try {
    await remove(ports, deletion.remote_id);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Cancels a response before deleting it: a running response would still add its items to the conversation. */
async function deleteResponse(openai: OpenAI, id: string): Promise<void> {
  try {
    await openai.responses.cancel(id);
  } catch (error) {
    // OpenAI cancels only background responses that are still running.
    if (!(error instanceof APIError && error.status === 400)) throw error;
  }
  await openai.responses.delete(id);
}

/** Deletes the items first: OpenAI keeps the items of a deleted conversation but no longer lists them. */
async function deleteConversation(openai: OpenAI, id: string): Promise<void> {
  const { items } = openai.conversations;
  for (;;) {
    const page = await items.list(id, { limit: ITEMS_PER_PAGE });
    if (page.data.length === 0) break;
    const ids = page.data.map((item) => "id" in item && item.id ? item.id : "");
    await mapAtOnce(ids, ITEMS_AT_ONCE, async (itemId) => {
      try {
        await items.delete(itemId, { conversation_id: id });
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    });
  }
  await openai.conversations.delete(id);
}
