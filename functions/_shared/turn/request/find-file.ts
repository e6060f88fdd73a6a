import type { FindFile } from "../events/map-sources.ts";
import type { SessionFile } from "../turn-database.ts";

/** Returns a function that finds files of a turn by their ids at OpenAI. */
export function indexFiles(files: readonly SessionFile[]): FindFile {
  const known = new Map(files.map((file) => [file.openai_file_id, file]));
  return (openaiFileId) => known.get(openaiFileId);
}
