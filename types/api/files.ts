import { z } from "zod";
import type { Database } from "../database.ts";
import { AssistantSlug, MessageId, SessionId } from "./fields.ts";

/** The text fields of the form of `POST /functions/v1/files`; the file is the part `file`. */
export const UploadFields = z.object({
  /** The session that the file belongs to. */
  session_id: SessionId.optional(),
  /** The assistant that the file belongs to, instead of a session. Only admins may send it. */
  assistant_slug: AssistantSlug.optional(),
  /** The message of the session that the file belongs to: its own id or the client's id. */
  message_id: MessageId.optional(),
}).refine(({ session_id, assistant_slug }) => (session_id ?? assistant_slug) !== undefined, {
  path: ["session_id"],
  error: "The id of the chat is missing: send the field session_id.",
}).refine(({ session_id, assistant_slug }) => !(session_id && assistant_slug), {
  path: ["assistant_slug"],
  error:
    "A file belongs to a chat or to an assistant. Send session_id or assistant_slug, not both.",
});
export type UploadFields = z.infer<typeof UploadFields>;

/** The JSON body of `POST /functions/v1/files`, for an object that is already in Storage. */
export const RegisterRequest = UploadFields.safeExtend({
  /** A path in the bucket `chat-files`, in the folder that has the caller's profile id as its name. */
  storage_path: z.string().min(1).max(1024).refine((path) => !path.includes("\0")),
  /** The name of the file for people; the last part of the path by default. */
  file_name: z.string().min(1).max(1024).optional(),
});
export type RegisterRequest = z.infer<typeof RegisterRequest>;

/** The reply of `POST /functions/v1/files`: the row. 201 for a new file, 200 if its chat or assistant has its bytes. */
export type FileReply = Database["public"]["Tables"]["chat_files"]["Row"];

/** The reply of `POST /functions/v1/vector-store-cleanup`. */
export const CleanupReply = z.object({
  /** Stores and unfinished files that were checked. */
  checked: z.number().int(),
  /** Stores that have expired. */
  expired: z.number().int(),
  /** Objects that were deleted at OpenAI, in Storage and at Stripe. */
  deleted: z.number().int(),
  /** Unfinished stores that were completed. */
  recreated: z.number().int(),
  /** Objects at OpenAI and in Storage that no row names, added to the outbox. */
  orphans: z.number().int(),
  /** Deletions and checks that failed. Later runs repeat them. */
  failed: z.number().int(),
});
export type CleanupReply = z.infer<typeof CleanupReply>;

/** The reply of `POST /functions/v1/vector-store-cleanup/deletions`: objects at OpenAI, in Storage and at Stripe. */
export const DeletionsReply = CleanupReply.pick({ deleted: true, failed: true });
export type DeletionsReply = z.infer<typeof DeletionsReply>;

/** The reply of `POST /functions/v1/vector-store-cleanup/files`: the files that were continued. */
export const IndexingReply = CleanupReply.pick({ checked: true });
export type IndexingReply = z.infer<typeof IndexingReply>;
