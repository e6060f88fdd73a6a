import type { SupabaseClient } from "@supabase/supabase-js";
import * as z from "zod";
import type { Database, Json } from "../../../types/database.ts";
import { unwrap } from "../http/refusal.ts";
import { type Collection, collectionArguments, collectionFilter } from "./collection.ts";
import type { FileFailure } from "./file-failures.ts";

/** A row of `chat_files`. */
export type FileRow = Database["public"]["Tables"]["chat_files"]["Row"];

const OpenUpload = z.object({
  /** The uploading user. */
  profile_id: z.string(),
  /** The folder of the bucket that receives the upload. */
  folder: z.string(),
  /** The largest size in bytes; null for no limit. */
  max_bytes: z.number().nullable(),
});
/** The database's reply to a new upload. With `file`, the object was registered before. */
export type OpenUpload = z.infer<typeof OpenUpload> & { file: FileRow | null };

const StoreClaim = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready"), id: z.string(), store_id: z.string() }),
  z.object({ kind: z.literal("build"), id: z.string(), lease_until: z.string(), name: z.string() }),
  z.object({ kind: z.literal("wait") }),
  z.object({
    kind: z.literal("failed"),
    error: z.string().nullable(),
    /** The seconds after which the store may be built again. */
    retry_after: z.number().nullable(),
  }),
]);
/** The database's reply to a function that needs the store of a collection. */
export type StoreClaim = z.infer<typeof StoreClaim>;
/** The claim of the function that builds the store. */
export type BuildClaim = Extract<StoreClaim, { kind: "build" }>;

/** The fields of a new file. */
export interface NewFile {
  userId: string;
  collection: Collection;
  fileId: string;
  name: string;
  type: string;
  path: string;
  messageId?: string;
  /** True if the object is already in Storage. */
  isStored?: boolean;
  /** The object in Storage that the caller then moves to `path`. */
  uploadedAs?: string;
}

/** The fields of a new file that the model made. */
export interface NewMadeFile {
  turnId: string;
  fileId: string;
  name: string;
  type: string;
  path: string;
  /** The size in bytes, if it is known already. */
  size?: number;
}

/** A new store at OpenAI. */
export interface MadeStore {
  storeId: string;
  expiresAt: Date;
  metadata: Json;
  /** The ids at OpenAI of the files that the store searches. */
  fileIds: string[];
}

/** The database calls of files. Each method is one call. */
export interface FileDatabase {
  /**
   * Returns folder and limits of an upload. With an object, throws a refusal if the user may not register it. Throws a
   * refusal if the user may not add files to the assistant.
   */
  openUpload(
    userId: string,
    target?: { collection: Collection; path?: string },
  ): Promise<OpenUpload>;
  /** Creates a pending row. Returns the existing row if the object is registered in this collection. */
  create(file: NewFile): Promise<FileRow>;
  /** Creates the row of a file that the model made. Returns the existing row if another process stores the file too. */
  createMade(file: NewMadeFile): Promise<FileRow>;
  /** Marks the bytes of a file as stored. Returns the earlier row if the collection already has the same bytes. */
  store(fileId: string, content: { size: number; sha256: string }): Promise<FileRow>;
  settle(fileId: string, vectorStoreId?: string): Promise<void>;
  fail(fileId: string, error: FileFailure): Promise<void>;
  /** Ends a claim without a result. The next attempt may start after the pause. A null error keeps the last one. */
  delay(claimed: FileRow, milliseconds: number, error: FileFailure | null): Promise<void>;
  /** Lets the clean-up continue a ready file that a new store does not search. */
  reindex(fileId: string, error: FileFailure | null): Promise<void>;
  /** Claims a file for its next attempt. Returns null if another process has it, or if it does not wait any more. */
  claim(fileId: string): Promise<FileRow | null>;
  /** Starts indexing a failed file again. Throws a refusal. */
  retry(userId: string, fileId: string): Promise<FileRow>;
  /** Deletes the row of a refused file. */
  drop(fileId: string): Promise<void>;
  /** Deletes the row of a file whose bytes are not stored. */
  dropPending(fileId: string): Promise<void>;
  /** Deletes a file. Returns the caller's profile id. */
  delete(userId: string, fileId: string): Promise<string>;
  /** Stores the id of a file at OpenAI. Returns false if the row was deleted; the outbox then has the file. */
  setOpenAIFile(fileId: string, openaiFileId: string): Promise<boolean>;
  find(fileId: string): Promise<FileRow | null>;
  /** Finds the file of a collection that has these bytes. */
  findByContent(collection: Collection, sha256: string): Promise<FileRow | null>;
  /** Returns the files that belong in the store of a collection. */
  listSearchable(collection: Collection): Promise<FileRow[]>;
  claimStore(collection: Collection): Promise<StoreClaim>;
  /** Stores the new store of a claim. Returns false if the lease was lost; the new store then goes to the outbox. */
  finishStore(claim: BuildClaim, made: MadeStore): Promise<boolean>;
  /** Ends a claim without a store. The next caller may build it after this number of seconds. */
  failStore(claim: BuildClaim, error: string, retryAfter: number): Promise<void>;
  expireStore(storeId: string): Promise<void>;
  /** Adds a remote object that no row names to the outbox. */
  abandon(kind: "vector_store" | "file" | "object", remoteId: string): Promise<void>;
}

/** Creates the database calls of files from a client with the secret key. */
export function createFileDatabase(admin: SupabaseClient<Database>): FileDatabase {
  return {
    async openUpload(auth_user_id, target) {
      const named = target &&
        { ...collectionArguments(target.collection), storage_path: target.path };
      const opened = unwrap(await admin.rpc("open_upload", { auth_user_id, ...named }));
      return OpenUpload.extend({ file: z.custom<FileRow>().nullable() }).parse(opened);
    },
    create: async (file) => unwrap(await admin.rpc("create_file", toArguments(file))),
    createMade: async ({ turnId, fileId, name, type, path, size }) =>
      unwrap(
        await admin.rpc("create_made_file", {
          turn_id: turnId,
          file_id: fileId,
          file_name: name,
          file_type: type,
          storage_path: path,
          file_size: size,
        }),
      ),
    store: async (file_id, { size, sha256 }) =>
      unwrap(await admin.rpc("store_file", { file_id, file_size: size, sha256 })),
    settle: async (file_id, vector_store_id) =>
      void unwrap(await admin.rpc("settle_file", { file_id, vector_store_id })),
    fail: async (file_id, error) =>
      void unwrap(await admin.rpc("fail_file", { file_id, error: { ...error } })),
    delay: async ({ id: file_id, retry_at }, milliseconds, error) =>
      void unwrap(
        await admin.rpc("delay_file", {
          file_id,
          claimed_until: retry_at ?? "",
          seconds: milliseconds / 1000,
          error: error ? { ...error } : undefined,
        }),
      ),
    reindex: async (file_id, error) =>
      void unwrap(
        await admin.rpc("reindex_file", { file_id, error: error ? { ...error } : undefined }),
      ),
    claim: async (file_id) => unwrap(await admin.rpc("claim_file", { file_id }).maybeSingle()),
    retry: async (auth_user_id, file_id) =>
      unwrap(await admin.rpc("retry_file", { auth_user_id, file_id })),
    drop: async (id) => void unwrap(await admin.from("chat_files").delete().eq("id", id)),
    dropPending: async (id) =>
      void unwrap(await admin.from("chat_files").delete().eq("id", id).eq("status", "pending")),
    delete: async (auth_user_id, file_id) =>
      unwrap(await admin.rpc("delete_file", { auth_user_id, file_id })),
    setOpenAIFile: async (file_id, openai_file_id) =>
      unwrap(await admin.rpc("set_openai_file", { file_id, openai_file_id })),
    find: async (id) => unwrap(await admin.from("chat_files").select().eq("id", id).maybeSingle()),
    findByContent: async (collection, sha256) =>
      unwrap(
        await admin.from("chat_files").select().match(collectionFilter(collection)).eq(
          "sha256",
          sha256,
        )
          .neq("status", "failed").maybeSingle(),
      ),
    listSearchable: async (collection) =>
      unwrap(
        await admin.from("chat_files").select().match(collectionFilter(collection))
          .in("status", ["indexing", "ready"]).not("openai_file_id", "is", null)
          .not("file_type", "like", "image/%").order("created_at"),
      ),
    ...storeMethods(admin),
    abandon: async (kind, remote_id) =>
      void unwrap(await admin.rpc("abandon_remote", { kind, remote_id })),
  };
}

function storeMethods(
  admin: SupabaseClient<Database>,
): Pick<FileDatabase, "claimStore" | "finishStore" | "failStore" | "expireStore"> {
  return {
    claimStore: async (collection) =>
      StoreClaim.parse(
        unwrap(await admin.rpc("claim_vector_store", collectionArguments(collection))),
      ),
    finishStore: async (claim, { storeId, expiresAt, metadata, fileIds }) =>
      unwrap(
        await admin.rpc("settle_vector_store", {
          claimed_id: claim.id,
          claimed_until: claim.lease_until,
          store_id: storeId,
          expires_at: expiresAt.toISOString(),
          openai_metadata: metadata,
          file_ids: fileIds,
        }),
      ),
    failStore: async (claim, error, retry_after) =>
      void unwrap(
        await admin.rpc("fail_vector_store", {
          claimed_id: claim.id,
          claimed_until: claim.lease_until,
          error,
          retry_after,
        }),
      ),
    expireStore: async (store_id) =>
      void unwrap(await admin.rpc("expire_vector_store", { store_id })),
  };
}

function toArguments(file: NewFile) {
  return {
    auth_user_id: file.userId,
    ...collectionArguments(file.collection),
    file_id: file.fileId,
    file_name: file.name,
    file_type: file.type,
    storage_path: file.path,
    message_id: file.messageId,
    is_stored: file.isStored,
    uploaded_as: file.uploadedAs,
  };
}
