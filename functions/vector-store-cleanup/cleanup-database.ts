import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../../types/database.ts";
import type { Collection } from "../_shared/session-files/collection.ts";
import type { FileRow } from "../_shared/session-files/file-database.ts";
import { unwrap } from "../_shared/http/refusal.ts";

/** A row of the outbox with a claim. */
export type Deletion = Database["public"]["Functions"]["claim_remote_deletions"]["Returns"][number];

/** A deletion, and the reason if it failed. */
export interface DeletionOutcome {
  deletion: Deletion;
  error?: string;
}

/** The services that can delete an object: `provider` of a row of the outbox. */
export const PROVIDERS = ["stripe", "storage", "openai"] as const;
type Provider = typeof PROVIDERS[number];

/** The database calls of the clean-up. Each method is one call. A claim skips rows that another run has claimed. */
export interface CleanupDatabase {
  /** Marks stores that are past their expiry. Returns their number. */
  expireDue(limit: number): Promise<number>;
  /** Adds expired stores to the outbox. Returns their number. */
  releaseExpired(limit: number): Promise<number>;
  /** Claims stores that expire soon. Returns OpenAI's ids. */
  claimStoresToCheck(limit: number): Promise<string[]>;
  /** Stores the new expiry of a store. */
  touchStore(storeId: string, expiresAt: Date): Promise<void>;
  /** Returns the collections whose store was begun and never completed. */
  findAbandonedStores(limit: number): Promise<Collection[]>;
  /** Claims files whose next attempt is due, or whose function has died. */
  claimStaleFiles(limit: number): Promise<FileRow[]>;
  claimDeletions(provider: Provider, limit: number): Promise<Deletion[]>;
  /** Settles the deletions of a claim. A later run tries those with an error again. */
  settleDeletions(outcomes: DeletionOutcome[]): Promise<void>;
  /** Returns the address of the user of a customer at Stripe; null if there is none any more. */
  findPayerEmail(customerId: string): Promise<string | null>;
  /** Returns the ids at OpenAI that neither a row nor the outbox names. */
  findUnknown(kind: "vector_store" | "file", ids: string[]): Promise<string[]>;
  /** Adds objects in Storage that no row names to the outbox. Returns their number. */
  enqueueStrayObjects(limit: number): Promise<number>;
  readCursor(name: string): Promise<string>;
  /** Stores where the next run continues; null for the start. */
  moveCursor(name: string, position: string | null): Promise<void>;
}

/** Creates the database calls of the clean-up from a client with the secret key. */
export function createCleanupDatabase(admin: SupabaseClient<Database>): CleanupDatabase {
  return {
    expireDue: async (max_count) => unwrap(await admin.rpc("expire_due_stores", { max_count })),
    releaseExpired: async (max_count) =>
      unwrap(await admin.rpc("release_expired_stores", { max_count })),
    claimStoresToCheck: async (max_count) =>
      unwrap(await admin.rpc("claim_stores_to_check", { max_count })),
    touchStore: async (store_id, expiresAt) =>
      void unwrap(
        await admin.rpc("touch_vector_store", { store_id, expires_at: expiresAt.toISOString() }),
      ),
    findAbandonedStores: async (max_count) =>
      unwrap(await admin.rpc("find_abandoned_stores", { max_count })),
    claimStaleFiles: async (max_count) =>
      unwrap(await admin.rpc("claim_stale_files", { max_count })),
    claimDeletions: async (provider, max_count) =>
      unwrap(await admin.rpc("claim_remote_deletions", { provider, max_count })),
    settleDeletions: async (outcomes) => {
      const [first] = outcomes;
      if (!first) return;
      unwrap(
        await admin.rpc("settle_remote_deletions", {
          claimed_until: first.deletion.due_at,
          outcomes: Object.fromEntries(
            outcomes.map(({ deletion, error }) => [deletion.id, error ?? null]),
          ),
        }),
      );
    },
    findPayerEmail: async (customerId) => {
      const query = admin.from("stripe_customers")
        .select("profiles!stripe_customers_user_id_fkey(email)");
      const row = unwrap(await query.eq("id", customerId).eq("is_deleted", false).maybeSingle());
      return row?.profiles?.email ?? null;
    },
    findUnknown: async (kind, remote_ids) =>
      unwrap(await admin.rpc("find_unknown", { kind, remote_ids })),
    enqueueStrayObjects: async (max_count) =>
      unwrap(await admin.rpc("enqueue_stray_objects", { max_count })),
    readCursor: async (cursor_name) => unwrap(await admin.rpc("read_cursor", { cursor_name })),
    moveCursor: async (cursor_name, position) =>
      void unwrap(
        await admin.rpc("move_cursor", { cursor_name, new_position: position ?? undefined }),
      ),
  };
}
