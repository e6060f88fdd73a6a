import { AppError } from "../_shared/http/errors.ts";
import { type PartNames, readPartNames } from "./read-part-names.ts";
import { concatBytes, findBytes } from "../_shared/session-files/bytes.ts";

/** The text fields of a form. When a name appears twice, the first field counts. */
export type FormFields = Readonly<Record<string, string>>;

/** A file part of a form. Its content must be read before the next part. */
export interface FormFile {
  name: string;
  fileName: string;
  content: AsyncIterable<Uint8Array>;
}

/** Any part of a form. Only a file has a file name. */
type FormPart = PartNames & Pick<FormFile, "content">;

/** OpenAI accepts no larger files, so this limit applies to every plan. */
const LARGEST_FORM = 512 * 1024 * 1024;
const LARGEST_TEXT = 16 * 1024;
/** The most parts of a form. An upload has three. */
const MOST_PARTS = 20;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const CRLF = encoder.encode("\r\n");
/** The characters after the last boundary. A line end may be missing there. */
const LAST = encoder.encode("--");
const BLANK_LINE = encoder.encode("\r\n\r\n");

/**
 * Reads a multipart form part by part and holds about one chunk in memory. `Request.formData()` holds the whole form,
 * and `@remix-run/multipart-parser` each whole part. `busboy` and `@fastify/busboy` hold chunks too, but take twice the
 * CPU time for 50 MB, and read 11 of the 15 forms that the tests have of common clients: names would still have to be
 * decoded here. `multipasta` reads 7. Source: https://www.rfc-editor.org/rfc/rfc7578
 */
export class FormReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #delimiter: Uint8Array;
  readonly #fields: Record<string, string> = {};
  // Begins with a line end, so that the first boundary looks like the others.
  #buffer: Uint8Array = CRLF;
  #isBegun = false;
  #received = 0;
  #parts = 0;

  /** Throws `invalid_form` for a request without a form. */
  constructor({ headers, body }: Request) {
    const type = headers.get("content-type") ?? "";
    const [, quoted, plain] = type.match(/;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i) ?? [];
    const boundary = quoted ?? plain;
    if (boundary === undefined || body === null) throw new AppError("invalid_form");
    this.#delimiter = encoder.encode(`\r\n--${boundary}`);
    this.#source = body[Symbol.asyncIterator]();
  }

  /** The fields that have arrived so far. */
  get fields(): FormFields {
    return { ...this.#fields };
  }

  /**
   * Returns the next file part, after storing the fields before it; null at the end of the form. Throws `invalid_form`
   * and `payload_too_large`.
   */
  async nextFile(): Promise<FormFile | null> {
    for (let part = await this.#nextPart(); part; part = await this.#nextPart()) {
      const { name, fileName, content } = part;
      if (fileName !== undefined) return { name, fileName, content };
      this.#fields[name] ??= await readText(content);
    }
    return null;
  }

  /** Reads the rest of the body: a client that is still sending would not see the response. Never rejects. */
  async drain(): Promise<void> {
    try {
      while (!(await this.#receive()).done);
    } catch {
      // The client disconnected, or the body is too large or too slow.
    }
  }

  async #nextPart(): Promise<FormPart | null> {
    if (!this.#isBegun) await readText(this.#until(this.#delimiter));
    this.#isBegun = true;
    const afterBoundary = await readText(this.#until(CRLF, LAST));
    if (afterBoundary.startsWith("--")) return null;
    if (++this.#parts > MOST_PARTS) throw new AppError("invalid_form");
    const headers = await readBytes(this.#until(BLANK_LINE));
    return { ...readPartNames(headers), content: this.#until(this.#delimiter) };
  }

  /** Yields everything up to the next delimiter and skips the delimiter; yields only `end` when it comes first. */
  async *#until(delimiter: Uint8Array, end?: Uint8Array): AsyncGenerator<Uint8Array> {
    for (;;) {
      const at = findBytes(this.#buffer, delimiter);
      if (at >= 0) {
        yield this.#take(at);
        this.#take(delimiter.length);
        return;
      }
      if (end !== undefined && findBytes(this.#buffer.subarray(0, end.length), end) === 0) {
        yield this.#take(end.length);
        return;
      }
      // The last bytes may be the beginning of the delimiter.
      const safe = this.#buffer.length - delimiter.length + 1;
      if (safe > 0) yield this.#take(safe);
      await this.#fill();
    }
  }

  #take(count: number): Uint8Array {
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  async #receive(): Promise<IteratorResult<Uint8Array>> {
    const next = await this.#source.next().catch((cause) => {
      throw cause instanceof AppError ? cause : new AppError("invalid_form", { cause });
    });
    this.#received += next.done ? 0 : next.value.byteLength;
    if (this.#received > LARGEST_FORM) throw new AppError("payload_too_large");
    return next;
  }

  async #fill(): Promise<void> {
    const { done, value } = await this.#receive();
    if (done) throw new AppError("invalid_form");
    this.#buffer = concatBytes([this.#buffer, value]);
  }
}

async function readText(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  return decoder.decode(await readBytes(chunks));
}

async function readBytes(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > LARGEST_TEXT) throw new AppError("invalid_form");
    read.push(chunk);
  }
  return concatBytes(read);
}
