// @ts-types="./node-crypto.d.ts"
import { createHash } from "node:crypto";

/** Storage holds other bytes than those that were registered. */
export class ContentChangedError extends Error {
  override readonly name = "ContentChangedError";
}

/** Bytes that are compared as they pass. */
export interface VerifiedContent {
  /** Breaks with a ContentChangedError instead of the last chunk, so that no reader gets all of a changed file. */
  stream: ReadableStream<Uint8Array>;
  /** Set once the bytes are known to be others; a request that sends the stream fails with an error of its own. */
  readonly failure: ContentChangedError | undefined;
}

/** Passes content on and compares it with the SHA-256 that was registered, in lower-case hex. */
export function verifyContent(
  content: ReadableStream<Uint8Array>,
  sha256: string | null,
): VerifiedContent {
  const hash = createHash("sha256");
  let held: Uint8Array | undefined;
  let failure: ContentChangedError | undefined;
  const verifier = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      hash.update(chunk);
      if (held) controller.enqueue(held);
      held = chunk;
    },
    flush(controller) {
      if (hash.digest("hex") !== sha256) throw failure = new ContentChangedError();
      if (held) controller.enqueue(held);
    },
  });
  return {
    stream: content.pipeThrough(verifier),
    get failure() {
      return failure;
    },
  };
}
