import mammoth from "mammoth";
import { checkArchive } from "./check-archive.ts";

/** Returns the text of a Word document. Throws if the content is not one or unpacks to too much. */
export async function extractDocx(content: Buffer): Promise<string> {
  await checkArchive(content);
  const { value } = await mammoth.extractRawText({ buffer: content });
  return value;
}
