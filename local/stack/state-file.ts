import { readFile } from "node:fs/promises";
import type * as z from "zod";

/**
 * Reads a JSON file of the state directory; null when there is no file. Rejects when the file is damaged, with an
 * error that names it and says what to do.
 */
export async function readStateFile<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new Error(`${file} is damaged. Remove the state directory to start anew.`);
  }
}
