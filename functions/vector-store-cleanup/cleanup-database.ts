import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../../types/database.ts";
import type { FileRow } from "../_shared/session-files/file-database.ts";
import { unwrap } from "../_shared/http/refusal.ts";

/** A claimed row of the outbox. */
export type Deletion = Database["public"]["Functions"]["claim_remote_deletions"]["Returns"][number];

/** Who is asked to delete: `provider` of a row of the outbox. */
export const PROVIDERS = ["stripe", "storage", "openai"] as const;
type Provider = typeof PROVIDERS[number];

/** The database as the clean-up sees it; each method is one call and takes what nobody else works on. */
export interface CleanupDatabase {
  /** Marks stores whose time has passed. */
  expireDue(limit: number): Promise<number>;
  /** Hands expired stores to the outbox. */
  releaseExpired(limit: number): Promise<number>;
  /** OpenAI's ids of stores that expire soon. */
  claimStoresToCheck(limit: number): Promise<string[]>;
  touchStore(storeId: string, expiresAt: Date): Promise<void>;
  /** Sessions whose store somebody began to make. */
  findAbandonedStores(limit: number): Promise<string[]>;
  claimStaleFiles(limit: number): Promise<FileRow[]>;
  claimDeletions(provider: Provider, limit: number): Promise<Deletion[]>;
  /** Ends a claim; with an error it is tried again later. */
  completeDeletion(deletion: Deletion, error?: string): Promise<void>;
  countDue(): Promise<number>;
  /** Those of the ids at OpenAI that no row and no deletion names. */
  findUnknown(kind: "vector_store" | "file", ids: string[]): Promise<string[]>;
  enqueueStrayObjects(limit: number): Promise<number>;
  readCursor(name: string): Promise<string>;
  /** Null: from the start. */
  moveCursor(name: string, position: string | null): Promise<void>;
}

/** The functions of the clean-up, called with the secret key. */
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
    completeDeletion: async ({ id, due_at }, error) =>
      void unwrap(
        await admin.rpc("settle_remote_deletion", {
          deletion_id: id,
          claimed_until: due_at,
          error,
        }),
      ),
    countDue: async () => unwrap(await admin.rpc("count_due_deletions")),
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
