import { StorageError } from "./storage-error.ts";

/** The file of a form, and the fields before it. */
export interface FormFile {
  fields: Map<string, string>;
  contentType: string | undefined;
  /** The bytes, as a stream. */
  content: AsyncGenerator<Uint8Array>;
}

const LARGEST_TEXT = 1024 * 1024;
const CRLF = Buffer.from("\r\n");
const BLANK_LINE = Buffer.from("\r\n\r\n");

/**
 * Reads a multipart form up to the content of its first file. The content is streamed in chunks, whereas
 * `Request.formData()` would hold the whole file in memory. Source: https://www.rfc-editor.org/rfc/rfc7578
 */
export async function readFormFile(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
): Promise<FormFile> {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const reader = new DelimitedReader(body);
  const fields = new Map<string, string>();
  await readText(reader.until(delimiter));
  for (;;) {
    const afterBoundary = await readText(reader.until(CRLF));
    if (afterBoundary.startsWith("--")) {
      throw new StorageError("InvalidRequest", "No content provided");
    }
    const { name, isFile, contentType } = readPartHeaders(await readText(reader.until(BLANK_LINE)));
    const content = reader.until(delimiter);
    if (isFile) return { fields, contentType, content };
    fields.set(name, await readText(content));
  }
}

function readPartHeaders(headers: string) {
  const disposition = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? "";
  return {
    name: /;\s*name="([^"]*)"/.exec(disposition)?.[1] ?? "",
    isFile: /;\s*filename\*?=/.test(disposition),
    contentType: /^content-type:(.*)$/im.exec(headers)?.[1]?.trim(),
  };
}

async function readText(chunks: AsyncIterable<Buffer>): Promise<string> {
  const read: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > LARGEST_TEXT) throw new StorageError("EntityTooLarge", "A form field is too large");
    read.push(chunk);
  }
  return Buffer.concat(read).toString();
}

class DelimitedReader {
  readonly #source: AsyncIterator<Uint8Array>;
  // No line break precedes the first boundary, so one is added to make it like the others.
  #buffer: Buffer = CRLF;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Yields everything up to the next delimiter, and skips the delimiter. */
  async *until(delimiter: Buffer): AsyncGenerator<Buffer> {
    let end = this.#buffer.indexOf(delimiter);
    while (end < 0) {
      // The last bytes may be the start of the delimiter.
      yield* this.#take(this.#buffer.length - delimiter.length + 1);
      await this.#fill();
      end = this.#buffer.indexOf(delimiter);
    }
    yield* this.#take(end);
    this.#buffer = this.#buffer.subarray(delimiter.length);
  }

  *#take(count: number): Generator<Buffer> {
    if (count <= 0) return;
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    yield taken;
  }

  async #fill(): Promise<void> {
    const { done, value } = await this.#source.next();
    if (done) throw new StorageError("InvalidRequest", "The form ended before its last boundary");
    this.#buffer = Buffer.concat([this.#buffer, value]);
  }
}
