// @ts-types="../_shared/session-files/node-crypto.d.ts"
import { createHash } from "node:crypto";
import { concatBytes } from "./bytes.ts";

/** More bytes came than may. */
export class TooManyBytesError extends Error {
  override readonly name = "TooManyBytesError";
}

/** Bytes that are measured as they pass. */
export interface MeteredContent {
  stream: ReadableStream<Uint8Array>;
  /** What has passed; to be asked once, at the end. */
  measure(): { size: number; sha256: string };
  /** Why the bytes ended too early; the reader of the stream sees only that they did. */
  readonly failure: unknown;
}

/** The first `length` bytes, or all there are, and everything again from the start. */
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

/** Counts and hashes what passes; the stream breaks with a TooManyBytesError past `maxBytes` (null: never). */
export function meter(
  content: AsyncIterable<Uint8Array>,
  maxBytes: number | null,
): MeteredContent {
  const hash = createHash("sha256");
  let size = 0;
  let failure: unknown;
  const passed = async function* () {
    try {
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
    measure: () => ({ size, sha256: hash.digest("hex") }),
    get failure() {
      return failure;
    },
  };
}

/** Reads only what is asked for. */
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
