import type { VectorStoreFile } from "openai/resources/vector-stores/files";
import { concatBytes } from "./bytes.ts";
import type { FileRow } from "./file-database.ts";
import type { FilePorts } from "./file-ports.ts";
import { type UnreadableCode, whyUnsearchable } from "./unreadable-file.ts";

/** The entry that a PDF has, in readable bytes, if the rest of it is encrypted. Source: ISO 32000-1, 7.6.1. */
const ENCRYPTED_PDF = /\/Encrypt\s*(\d+\s+\d+\s+R|<<)/;
/** The streams of a Word document begin at multiples of this. Source: [MS-CFB], 2.2. */
const SECTOR = 512;
/** More bytes than a mark of encryption has. It may lie in two chunks. */
const LONGEST_MARK = 64;

/** Looks for the mark of encryption in a part of a file, by media type. Other kinds show it in their first bytes. */
const MARKS = new Map<string, (bytes: Uint8Array, offset: number) => boolean>([
  ["application/pdf", (bytes) => ENCRYPTED_PDF.test(new TextDecoder("latin1").decode(bytes))],
  ["application/msword", isLockedText],
]);

/**
 * Returns why file search finds nothing in a file, as `whyUnsearchable` does. OpenAI may say of a file with a password
 * only that it could not be parsed, so the stored bytes are then searched for encryption. An encrypted PDF is not
 * refused before that: readers open it without a password if it only forbids printing or changes.
 */
export async function explainUnsearchable(
  { storage }: FilePorts,
  { file_type, storage_path }: FileRow,
  file: VectorStoreFile,
): Promise<UnreadableCode | null> {
  const reason = whyUnsearchable(file);
  if (reason !== "damaged" && reason !== "file_unreadable") return reason;
  if (!MARKS.has(file_type)) return reason;
  try {
    return await isEncrypted(file_type, await storage.open(storage_path)) ? "encrypted" : reason;
  } catch {
    // OpenAI has tried to read the file, so its verdict stands even if Storage does not answer now.
    return reason;
  }
}

/** Returns true if the bytes of a PDF or of an old Word document say that they are encrypted. */
export async function isEncrypted(
  type: string,
  content: AsyncIterable<Uint8Array>,
): Promise<boolean> {
  let rest = new Uint8Array();
  let offset = 0;
  for await (const chunk of content) {
    const bytes = concatBytes([rest, chunk]);
    if (MARKS.get(type)?.(bytes, offset)) return true;
    rest = bytes.slice(-LONGEST_MARK);
    offset += bytes.length - rest.length;
  }
  return false;
}

/** Returns true if a text of Word begins here whose flag `fEncrypted` is set. Source: [MS-DOC], 2.5.2. */
function isLockedText(bytes: Uint8Array, offset: number): boolean {
  for (let at = (SECTOR - offset % SECTOR) % SECTOR; at + 11 < bytes.length; at += SECTOR) {
    const [first, second] = bytes.subarray(at);
    if (first === 0xec && second === 0xa5 && ((bytes[at + 11] ?? 0) & 1) === 1) return true;
  }
  return false;
}
