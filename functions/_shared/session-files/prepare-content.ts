import { concatBytes } from "./bytes.ts";
import type { Encoding } from "./detect-encoding.ts";
import { isConverted, isPlainText } from "./file-kinds.ts";
import { readDelimited } from "./read-delimited.ts";
import { findEncoding } from "./recode-text.ts";
import { UnreadableFileError } from "./unreadable-file.ts";

/** The largest document that is converted. It is held in memory; CPU time of a function is limited to 2 seconds. */
const LARGEST_CONVERTED = 10 * 1024 * 1024;

/** The largest table in CSV that is converted. A larger one is sent as the text that it is. */
const LARGEST_DELIMITED = 5 * 1024 * 1024;

/** What OpenAI receives: a text, or the stored bytes, converted from an encoding unless it is null. */
export type PreparedContent = { text: string } | { encoding: Encoding | null };

const OFFICE = "application/vnd.openxmlformats-officedocument";
const OPEN = "application/vnd.oasis.opendocument";

/**
 * The readers of documents by media type. They are loaded when the first document is converted, because their packages
 * would take a tenth of the start of each function that knows files.
 */
const READERS = new Map<string, (bytes: Uint8Array) => Promise<string>>([
  [
    `${OFFICE}.spreadsheetml.sheet`,
    async (bytes) => (await import("./read-workbook.ts")).readWorkbook(bytes),
  ],
  [
    `${OPEN}.spreadsheet`,
    async (bytes) => (await import("./read-open-document.ts")).readOpenSpreadsheet(bytes),
  ],
  [
    `${OPEN}.text`,
    async (bytes) => (await import("./read-open-document.ts")).readOpenText(bytes),
  ],
  [
    "application/rtf",
    async (bytes) => (await import("./read-rich-text.ts")).readRichText(bytes),
  ],
]);

/**
 * Reads the content of a file to its end, and returns what OpenAI receives of it. Throws an UnreadableFileError, but
 * never before the end: an error of the stream goes first.
 */
export async function prepareContent(
  type: string,
  content: AsyncIterable<Uint8Array>,
): Promise<PreparedContent> {
  if (isPlainText(type)) return { encoding: await findEncoding(content) };
  if (isConverted(type)) return await oneByOne(() => convert(type, content));
  for await (const _ of content);
  return { encoding: null };
}

let lastConversion: Promise<unknown> = Promise.resolve();

/**
 * Starts a conversion when those before it in this process have ended. A store that is built again may convert eight
 * documents, which together need more memory than a function has.
 */
async function oneByOne<T>(conversion: () => Promise<T>): Promise<T> {
  const result = lastConversion.then(conversion);
  lastConversion = result.catch(() => {});
  return await result;
}

async function convert(
  type: string,
  content: AsyncIterable<Uint8Array>,
): Promise<PreparedContent> {
  const read = READERS.get(type);
  if (read === undefined) return await prepareTable(new KeptContent(content, LARGEST_DELIMITED));
  const kept = new KeptContent(content, LARGEST_CONVERTED);
  for await (const _ of kept);
  const bytes = kept.bytes();
  if (bytes === null) throw new UnreadableFileError("too_long");
  return { text: await read(bytes) };
}

async function prepareTable(kept: KeptContent): Promise<PreparedContent> {
  const encoding = await findEncoding(kept);
  const bytes = kept.bytes();
  if (bytes === null) return { encoding };
  return { text: readDelimited(new TextDecoder(encoding ?? "utf-8").decode(bytes)) };
}

/** Content that is kept while it is read, unless it is larger than `most`. */
class KeptContent implements AsyncIterable<Uint8Array> {
  readonly #content: AsyncIterable<Uint8Array>;
  readonly #most: number;
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(content: AsyncIterable<Uint8Array>, most: number) {
    this.#content = content;
    this.#most = most;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#content) {
      this.#size += chunk.byteLength;
      if (this.#size <= this.#most) this.#chunks.push(chunk);
      else this.#chunks.length = 0;
      yield chunk;
    }
  }

  bytes(): Uint8Array | null {
    return this.#size <= this.#most ? concatBytes(this.#chunks) : null;
  }
}
