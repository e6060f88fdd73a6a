import * as z from "zod";
import type { Database } from "../database.ts";
import { AssistantSlug, MessageId, SessionId } from "./fields.ts";

/** The text fields of the form of `POST /functions/v1/files`; the file is the part `file`. */
export const UploadFields = z.object({
  session_id: SessionId.optional().describe("The session that the file belongs to."),
  assistant_slug: AssistantSlug.optional().describe(
    "The assistant that the file belongs to, instead of a session. Only admins may send it.",
  ),
  message_id: MessageId.optional().describe(
    "The message of the session that the file belongs to: its own id or the client's id.",
  ),
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
  storage_path: z.string().min(1).max(1024).refine((path) => !path.includes("\0")).describe(
    "A path in the bucket `chat-files`, in the folder that has the caller's profile id as its name.",
  ),
  file_name: z.string().min(1).max(1024).optional().describe(
    "The name of the file for people; the last part of the path by default.",
  ),
});
export type RegisterRequest = z.infer<typeof RegisterRequest>;

/** The reply of `POST /functions/v1/files`: the row. 201 for a new file, 200 if its chat or assistant has its bytes. */
export type FileReply = Database["public"]["Tables"]["chat_files"]["Row"];

/** The reply of `POST /functions/v1/vector-store-cleanup`. */
export const CleanupReply = z.object({
  checked: z.number().int().describe("Stores and unfinished files that were checked."),
  expired: z.number().int().describe("Stores that have expired."),
  deleted: z.number().int().describe(
    "Objects that were deleted at OpenAI, in Storage and at Stripe.",
  ),
  recreated: z.number().int().describe("Unfinished stores that were completed."),
  orphans: z.number().int().describe(
    "Objects at OpenAI and in Storage that no row names, added to the outbox.",
  ),
  failed: z.number().int().describe("Deletions and checks that failed. Later runs repeat them."),
});
export type CleanupReply = z.infer<typeof CleanupReply>;

/** The reply of `POST /functions/v1/vector-store-cleanup/deletions`: objects at OpenAI, in Storage and at Stripe. */
export const DeletionsReply = CleanupReply.pick({ deleted: true, failed: true });
export type DeletionsReply = z.infer<typeof DeletionsReply>;

/** The reply of `POST /functions/v1/vector-store-cleanup/files`: the files that were continued. */
export const IndexingReply = CleanupReply.pick({ checked: true });
export type IndexingReply = z.infer<typeof IndexingReply>;
