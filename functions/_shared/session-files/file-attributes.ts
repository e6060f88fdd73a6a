import type { Collection } from "./collection.ts";
import type { FileRow } from "./file-database.ts";

/** What a vector store knows of a file. A turn's search is filtered by `file_id`. */
export type FileAttributes = Record<string, string>;

/**
 * Returns the attributes of a file in a vector store. OpenAI takes at most 16 keys, and values of at most 512
 * characters (https://platform.openai.com/docs/api-reference/vector-stores-files/createFile). A name has at most 255.
 */
export function fileAttributes(row: FileRow): FileAttributes {
  return { file_id: row.id, ...describeCollection(row), name: row.file_name };
}

/** Returns how OpenAI's objects name the collection that they belong to. */
export function describeCollection(
  { session_id, assistant_slug }: Collection,
): Record<string, string> {
  return {
    ...(session_id !== null && { session_id }),
    ...(assistant_slug !== null && { assistant: assistant_slug }),
  };
}
