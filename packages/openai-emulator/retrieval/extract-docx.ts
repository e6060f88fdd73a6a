import mammoth from "mammoth";
import { checkArchive } from "./check-archive.ts";

/** The text of a Word document; throws when it is none, or unpacks to more than it should. */
export async function extractDocx(content: Buffer): Promise<string> {
  await checkArchive(content);
  const { value } = await mammoth.extractRawText({ buffer: content });
  return value;
}
