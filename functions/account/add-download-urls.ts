import * as z from "zod";
import type { FileStorage } from "../_shared/session-files/file-storage.ts";

/** How long a link of an export works. */
const SECONDS = 3_600;

const Files = z.array(z.looseObject({ storage_path: z.string(), file_name: z.string() }));

/**
 * Adds a download link to each file row; null when the file has no bytes in Storage. `rows` and the result are the
 * elements of a JSON array, without its brackets.
 */
export async function addDownloadUrls(storage: FileStorage, rows: string): Promise<string> {
  const files = Files.parse(JSON.parse(`[${rows}]`));
  if (files.length === 0) return "";
  const objects = files.map(({ storage_path, file_name }) => ({
    path: storage_path,
    name: file_name,
  }));
  const urls = await storage.sign(objects, SECONDS);
  return files
    .map((file) => JSON.stringify({ ...file, download_url: urls.get(file.storage_path) ?? null }))
    .join(",");
}
