import { concatBytes } from "./bytes.ts";
import { detectEncoding, type Encoding, ENCODING_SAMPLE_BYTES } from "./detect-encoding.ts";
import { UnreadableFileError } from "./unreadable-file.ts";

/**
 * Reads a whole text and returns the encoding from which it must be converted; null for valid UTF-8. Holds two
 * samples in memory. Throws an UnreadableFileError: `unknown_encoding`, or `no_text` for a text of blanks.
 */
export async function findEncoding(content: AsyncIterable<Uint8Array>): Promise<Encoding | null> {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  const head = new Sample();
  // From the first place that is not UTF-8. A text may begin with megabytes of ASCII.
  const other = new Sample();
  let isUtf8 = true;
  let isBlank = true;
  for await (const chunk of content) {
    head.add(chunk);
    if (isUtf8) {
      const text = decodeNext(utf8, chunk);
      isUtf8 = text !== null;
      isBlank &&= text?.trim() === "";
    }
    if (!isUtf8) other.add(other.size === 0 ? fromFirstOther(chunk) : chunk);
  }
  if (isBlank) throw new UnreadableFileError("no_text");
  const first = detectEncoding(head.bytes());
  // UTF-16, a mark or an escape show in the first characters.
  if (isUtf8 && decodeNext(utf8) !== null) return first === "utf-8" ? null : requireKnown(first);
  return requireKnown(first === "utf-8" ? detectEncoding(other.bytes()) : first);
}

/** Converts a text to UTF-8 while it is read. Bytes that are invalid in the encoding become U+FFFD. */
export function recodeText(
  content: ReadableStream<Uint8Array>,
  encoding: Encoding,
): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  return content.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(encoder.encode(decoder.decode(chunk, { stream: true })));
      },
      flush(controller) {
        controller.enqueue(encoder.encode(decoder.decode()));
      },
    }),
  );
}

/** The first bytes of a stream, up to the size that the detection uses. */
class Sample {
  readonly #chunks: Uint8Array[] = [];
  size = 0;

  add(chunk: Uint8Array): void {
    const room = ENCODING_SAMPLE_BYTES - this.size;
    if (room <= 0) return;
    // A copy, because the chunk may be a view of a much larger buffer.
    this.#chunks.push(chunk.slice(0, room));
    this.size += Math.min(room, chunk.byteLength);
  }

  bytes(): Uint8Array {
    return concatBytes(this.#chunks);
  }
}

function fromFirstOther(chunk: Uint8Array): Uint8Array {
  return chunk.subarray(Math.max(0, chunk.findIndex((byte) => byte > 0x7f)));
}

function requireKnown(encoding: Encoding | null): Encoding {
  if (encoding === null) throw new UnreadableFileError("damaged");
  if (encoding === "unknown") throw new UnreadableFileError("unknown_encoding");
  return encoding;
}

/** Returns null at bytes that are not UTF-8. Without a chunk, it ends the text. */
function decodeNext(decoder: TextDecoder, chunk?: Uint8Array): string | null {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    return null;
  }
}
