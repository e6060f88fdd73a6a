import type { FileRow } from "./file-database.ts";

/** What a vector store knows of a file. A turn's search is filtered by `file_id`. */
export type FileAttributes = Record<"file_id" | "session_id" | "name", string>;

/**
 * Returns the attributes of a file in a vector store. OpenAI takes at most 16 keys, and values of at most 512
 * characters (https://platform.openai.com/docs/api-reference/vector-stores-files/createFile). A name has at most 255.
 */
export function fileAttributes({ id, session_id, file_name }: FileRow): FileAttributes {
  return { file_id: id, session_id, name: file_name };
}
