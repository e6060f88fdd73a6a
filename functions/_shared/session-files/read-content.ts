import { concatBytes } from "./bytes.ts";
import { createSha256 } from "./create-sha256.ts";

/** The content has more bytes than allowed. */
export class TooManyBytesError extends Error {
  override readonly name = "TooManyBytesError";
}

/** Content that is counted and hashed while it is read. */
export interface MeteredContent {
  stream: ReadableStream<Uint8Array>;
  /** Returns the size and the hash of what was read. Call it once, after the stream has ended. */
  measure(): Promise<{ size: number; sha256: string }>;
  /** Why the content ended too early. The reader of the stream only sees that it did. */
  readonly failure: unknown;
}

/** Returns the first `length` bytes, or all when there are fewer, and the whole content from its start. */
export async function peek(
  content: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ sample: Uint8Array; content: AsyncIterable<Uint8Array> }> {
  const chunks = content[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  for (let size = 0; size < length;) {
    const { value, done } = await chunks.next();
    if (done) break;
    seen.push(value);
    size += value.byteLength;
  }
  const all = async function* () {
    yield* seen.splice(0);
    yield* { [Symbol.asyncIterator]: () => chunks };
  };
  return { sample: concatBytes(seen).subarray(0, length), content: all() };
}

/** Counts and hashes content. Its stream fails with a TooManyBytesError after `maxBytes`; null means no limit. */
export function meter(
  content: AsyncIterable<Uint8Array>,
  maxBytes: number | null,
): MeteredContent {
  const hashing = createSha256();
  let size = 0;
  let failure: unknown;
  const passed = async function* () {
    try {
      const hash = await hashing;
      for await (const chunk of content) {
        size += chunk.byteLength;
        if (maxBytes !== null && size > maxBytes) throw new TooManyBytesError();
        hash.update(chunk);
        yield chunk;
      }
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  return {
    stream: toStream(passed()),
    measure: async () => ({ size, sha256: (await hashing).digest("hex") }),
    get failure() {
      return failure;
    },
  };
}

/** Returns a stream that reads a chunk only when its reader asks for one. */
function toStream(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  }, { highWaterMark: 0 });
}
